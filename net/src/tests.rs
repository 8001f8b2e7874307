//! Sockets as programs use them, without a kernel: who may wait gets `EAGAIN`.

use crate::{Address, Control, Net, Right, Socket, UnixName};
use abi::linux::Caller;
use abi::linux::socket::*;
use abi::{Bell, Errno, Readiness};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

fn net() -> Arc<Net> {
    Net::new(&Bell::new())
}

fn caller() -> Caller {
    Caller { pid: 7, fsuid: 1000, fsgid: 100, ..Caller::default() }
}

fn socket(net: &Arc<Net>, family: u16, kind: u32) -> Arc<Socket> {
    net.socket(&caller(), u32::from(family), kind, 0).expect("a socket")
}

fn inet(text: &str) -> Address {
    Address::Inet(text.parse().expect("an address"))
}

fn listener(net: &Arc<Net>, address: &Address, family: u16, backlog: i32) -> Arc<Socket> {
    let socket = socket(net, family, SOCK_STREAM);
    socket.bind(&caller(), address, None).expect("bind");
    socket.listen(&caller(), backlog).expect("listen");
    socket
}

fn connect(socket: &Socket, to: &Address) -> Result<(), Errno> {
    socket.connect(&caller(), to, None, false)
}

fn tcp_pair(net: &Arc<Net>, address: &str) -> (Arc<Socket>, Arc<Socket>) {
    let server = listener(net, &inet(address), AF_INET, 5);
    let client = socket(net, AF_INET, SOCK_STREAM);
    connect(&client, &server.local()).expect("connect");
    let (end, peer) = server.accept().expect("accept");
    assert_eq!(peer, client.local());
    server.shut();
    (client, end)
}

fn unix_pair(net: &Arc<Net>, kind: u32) -> [Arc<Socket>; 2] {
    net.pair(&caller(), u32::from(AF_UNIX), kind, 0).expect("a pair")
}

fn write(socket: &Socket, bytes: &[u8]) -> Result<usize, Errno> {
    socket.write_plain(&caller(), bytes)
}

fn read(socket: &Socket) -> Result<Vec<u8>, Errno> {
    let mut buf = [0; 64];
    socket.read_plain(&mut buf).map(|len| buf[..len].to_vec())
}

fn ready(socket: &Socket) -> Readiness {
    socket.ready() & (Readiness::IN | Readiness::OUT | Readiness::HUP | Readiness::ERR | Readiness::RDHUP)
}

#[test]
fn a_tcp_connection_carries_bytes_and_half_closes() {
    let net = net();
    let (client, server) = tcp_pair(&net, "127.0.0.1:0");
    assert_eq!(read(&server), Err(Errno::EAGAIN));
    assert_eq!(write(&client, b"hello"), Ok(5));
    assert_eq!(ready(&server), Readiness::IN | Readiness::OUT);
    assert_eq!(read(&server).as_deref(), Ok(&b"hello"[..]));
    client.shutdown(SHUT_WR).unwrap();
    assert_eq!(write(&client, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&server).as_deref(), Ok(&b""[..]));
    assert_eq!(ready(&server), Readiness::IN | Readiness::OUT | Readiness::RDHUP);
    assert_eq!(write(&server, b"bye"), Ok(3));
    assert_eq!(read(&client).as_deref(), Ok(&b"bye"[..]));
    server.shutdown(SHUT_WR).unwrap();
    assert!(ready(&server).contains(Readiness::HUP));
}

#[test]
fn closing_with_unread_data_resets() {
    let net = net();
    let (client, server) = tcp_pair(&net, "127.0.0.1:0");
    write(&client, b"unread").unwrap();
    write(&server, b"last").unwrap();
    server.shut();
    assert!(ready(&client).contains(Readiness::ERR | Readiness::HUP | Readiness::IN));
    assert_eq!(read(&client).as_deref(), Ok(&b"last"[..]));
    assert_eq!(read(&client), Err(Errno::ECONNRESET));
    assert_eq!(read(&client).as_deref(), Ok(&b""[..]));
}

#[test]
fn writing_to_a_closed_end_fails_at_once_or_after_one_lost_write() {
    let net = net();
    let (client, server) = tcp_pair(&net, "127.0.0.1:0");
    server.shut();
    assert_eq!(write(&client, b"lost"), Ok(4));
    assert_eq!(write(&client, b"x"), Err(Errno::EPIPE));
    let [a, b] = unix_pair(&net, SOCK_STREAM);
    b.shut();
    assert_eq!(write(&a, b"x"), Err(Errno::EPIPE));
    assert_eq!(read(&a).as_deref(), Ok(&b""[..]));
    assert!(ready(&a).contains(Readiness::HUP));
}

#[test]
fn connecting_finds_the_listener_or_is_refused() {
    let net = net();
    let server = listener(&net, &inet("0.0.0.0:8080"), AF_INET, 1);
    let client = socket(&net, AF_INET, SOCK_STREAM);
    assert_eq!(connect(&client, &inet("127.0.0.1:81")), Err(Errno::ECONNREFUSED));
    assert_eq!(connect(&client, &inet("10.0.0.1:81")), Err(Errno::ENETUNREACH));
    assert_eq!(client.peer(), Err(Errno::ENOTCONN));
    assert_eq!(connect(&client, &inet("127.0.0.1:8080")), Ok(()));
    assert_eq!(client.peer(), Ok(inet("127.0.0.1:8080")));
    assert_eq!(connect(&client, &inet("127.0.0.1:8080")), Err(Errno::EISCONN));
    assert_eq!(ready(&server), Readiness::IN);

    // The queue holds backlog + 1; the third waits until one is accepted.
    let [second, third] = [0; 2].map(|_| socket(&net, AF_INET, SOCK_STREAM));
    assert_eq!(connect(&second, &inet("127.0.0.1:8080")), Ok(()));
    assert_eq!(connect(&third, &inet("127.0.0.1:8080")), Err(Errno::EAGAIN));
    server.accept().unwrap();
    assert_eq!(connect(&third, &inet("127.0.0.1:8080")), Ok(()));

    let late = socket(&net, AF_INET, SOCK_STREAM);
    assert_eq!(late.connect(&caller(), &inet("127.0.0.1:82"), None, true), Err(Errno::EINPROGRESS));
    assert!(ready(&late).contains(Readiness::ERR | Readiness::OUT));
    let mut error = Vec::new();
    late.get_option(SOL_SOCKET, SO_ERROR, &mut error).unwrap();
    assert_eq!(error, (Errno::ECONNREFUSED as i32).to_le_bytes());
    server.shut();
    assert_eq!(read(&second), Err(Errno::ECONNRESET));
}

#[test]
fn ipv6_wildcards_take_ipv4_unless_told_not_to() {
    let net = net();
    let server = listener(&net, &inet("[::]:9000"), AF_INET6, 5);
    let client = socket(&net, AF_INET, SOCK_STREAM);
    assert_eq!(connect(&client, &inet("127.0.0.1:9000")), Ok(()));
    let (end, peer) = server.accept().unwrap();
    assert!(matches!(&peer, Address::Inet(addr) if alloc::format!("{addr}").starts_with("[::ffff:127.0.0.1]")));
    assert_eq!(end.local(), inet("[::ffff:127.0.0.1]:9000"));
    let six = socket(&net, AF_INET6, SOCK_STREAM);
    assert_eq!(connect(&six, &inet("[::1]:9000")), Ok(()));
    let only = socket(&net, AF_INET6, SOCK_STREAM);
    only.set_option(IPPROTO_IPV6, IPV6_V6ONLY, &1i32.to_le_bytes()).unwrap();
    only.bind(&caller(), &inet("[::]:9001"), None).unwrap();
    only.listen(&caller(), 5).unwrap();
    let client = socket(&net, AF_INET, SOCK_STREAM);
    assert_eq!(connect(&client, &inet("127.0.0.1:9001")), Err(Errno::ECONNREFUSED));
}

#[test]
fn udp_datagrams_go_where_they_are_sent() {
    let net = net();
    let server = socket(&net, AF_INET, SOCK_DGRAM);
    server.bind(&caller(), &inet("127.0.0.1:53"), None).unwrap();
    let client = socket(&net, AF_INET, SOCK_DGRAM);
    let to = inet("127.0.0.1:53");
    assert_eq!(client.send(&caller(), b"question", Some((&to, None)), &mut Control::default()), Ok(8));
    let mut buf = [0; 4];
    let received = server.recv(&mut buf, MsgFlags::empty()).unwrap();
    assert_eq!((received.len, received.full_len, received.flags), (4, 8, MsgFlags::MSG_TRUNC));
    let Some(Address::Inet(from)) = received.from else { panic!("an address") };
    assert_eq!(
        from.port(),
        match client.local() {
            Address::Inet(local) => local.port(),
            _ => 0,
        }
    );
    assert_eq!(write(&client, b"x"), Err(Errno::EDESTADDRREQ));
    client.connect(&caller(), &inet("127.0.0.1:54"), None, false).unwrap();
    assert_eq!(write(&client, b"x"), Ok(1));
    assert_eq!(read(&client), Err(Errno::ECONNREFUSED));
    let outside = inet("8.8.8.8:53");
    assert_eq!(client.send(&caller(), b"q", Some((&outside, None)), &mut Control::default()), Err(Errno::ENETUNREACH));
}

#[test]
fn unix_streams_pass_rights_and_credentials() {
    let net = net();
    let [a, b] = unix_pair(&net, SOCK_STREAM);
    b.set_option(SOL_SOCKET, SO_PASSCRED, &1i32.to_le_bytes()).unwrap();
    let mut control = Control { rights: vec![Arc::new(42u32) as Right], credentials: None };
    assert_eq!(a.send(&caller(), b"x", None, &mut control), Ok(1));
    assert!(control.is_empty());
    let mut buf = [0; 8];
    let peeked = b.recv(&mut buf, MsgFlags::MSG_PEEK).unwrap();
    assert_eq!(peeked.control.rights.len(), 1);
    let received = b.recv(&mut buf, MsgFlags::empty()).unwrap();
    assert_eq!(received.control.rights[0].downcast_ref::<u32>(), Some(&42));
    assert_eq!(received.control.credentials, Some(UCred { pid: 7, uid: 1000, gid: 100 }));

    // What nobody receives is handed to the kernel: by a plain read, or when the socket goes away.
    a.send(&caller(), b"y", None, &mut Control { rights: vec![Arc::new(1u32)], credentials: None }).unwrap();
    assert_eq!(read(&b).as_deref(), Ok(&b"y"[..]));
    a.send(&caller(), b"z", None, &mut Control { rights: vec![Arc::new(2u32)], credentials: None }).unwrap();
    b.shut();
    assert_eq!(net.take_orphans().len(), 2);
}

#[test]
fn unix_names_lead_to_their_sockets() {
    let net = net();
    let name = Address::Unix(UnixName::Abstract(b"name"[..].into()));
    let server = listener(&net, &name, AF_UNIX, 0);
    let other = socket(&net, AF_UNIX, SOCK_STREAM);
    assert_eq!(other.bind(&caller(), &name, None), Err(Errno::EADDRINUSE));
    assert_eq!(connect(&other, &name), Ok(()));
    let third = socket(&net, AF_UNIX, SOCK_STREAM);
    assert_eq!(connect(&third, &name), Err(Errno::EAGAIN));
    let packets = socket(&net, AF_UNIX, SOCK_SEQPACKET);
    assert_eq!(connect(&packets, &name), Err(Errno::EPROTOTYPE));
    let (end, _) = server.accept().unwrap();
    assert_eq!(end.local(), name);
    assert_eq!(other.peer(), Ok(name.clone()));
    server.shut();
    assert_eq!(connect(&third, &name), Err(Errno::ECONNREFUSED));

    let path = Address::Unix(UnixName::Path(b"/s"[..].into()));
    let log = socket(&net, AF_UNIX, SOCK_DGRAM);
    log.bind(&caller(), &path, Some((1, 2))).unwrap();
    let client = socket(&net, AF_UNIX, SOCK_DGRAM);
    assert_eq!(client.connect(&caller(), &path, Some((1, 3)), false), Err(Errno::ECONNREFUSED));
    client.connect(&caller(), &path, Some((1, 2)), false).unwrap();
    assert_eq!(write(&client, b"line"), Ok(4));
    assert_eq!(read(&log).as_deref(), Ok(&b"line"[..]));
    log.shut();
    assert_eq!(write(&client, b"line"), Err(Errno::ECONNREFUSED));
}

#[test]
fn a_full_socket_asks_to_wait_and_tells_when_there_is_room() {
    let net = net();
    let [a, b] = unix_pair(&net, SOCK_STREAM);
    let mut total = 0;
    while let Ok(len) = write(&a, &[1; 65536]) {
        total += len;
    }
    assert!(total >= 65536 && !ready(&a).contains(Readiness::OUT));
    let before = a.wait.sequence();
    let mut buf = vec![0; total];
    assert_eq!(b.read_plain(&mut buf), Ok(total));
    assert!(a.wait.sequence() != before && ready(&a).contains(Readiness::OUT));
}

#[test]
fn netlink_lists_the_loopback_interface() {
    let net = net();
    let route = socket(&net, AF_NETLINK, SOCK_RAW);
    route.bind(&caller(), &Address::Netlink { pid: 0, groups: 0 }, None).unwrap();
    assert_eq!(route.local(), Address::Netlink { pid: 7, groups: 0 });
    // struct nlmsghdr of 20 bytes with its one byte of rtgenmsg: RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP.
    let request = [20, 0, 0, 0, 22, 0, 1, 3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(write(&route, &request), Ok(20));
    let mut buf = [0; 4096];
    let len = route.recv(&mut buf, MsgFlags::empty()).unwrap().len;
    assert!(buf[..len].windows(4).any(|w| w == [127, 0, 0, 1]));
    assert_eq!(buf[8], 9);
    let len = route.recv(&mut buf, MsgFlags::empty()).unwrap().len;
    assert_eq!((len, buf[4]), (20, 3));
}
