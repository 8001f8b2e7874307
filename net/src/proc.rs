//! The files of /proc/net, proc(5).

use crate::socket::Role;
use crate::{Address, Kind, Net, UnixName};
use abi::ProcNode;
use alloc::format;
use alloc::string::String;
use alloc::sync::Weak;
use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

impl Net {
    /// Appends the content of one of the `Net*` nodes; false for another node.
    pub fn render(&self, node: ProcNode, out: &mut Vec<u8>) -> bool {
        let text = match node {
            ProcNode::NetTcp => self.render_inet(Kind::Stream),
            ProcNode::NetUdp => self.render_inet(Kind::Datagram),
            ProcNode::NetUnix => self.render_unix(),
            ProcNode::NetDev => String::from(
                "Inter-|   Receive                                                |  Transmit\n \
                 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n    \
                 lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0\n",
            ),
            ProcNode::NetRoute => {
                String::from("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n")
            }
            _ => return false,
        };
        out.extend_from_slice(text.as_bytes());
        true
    }

    fn render_inet(&self, kind: Kind) -> String {
        let mut text = String::from(
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n",
        );
        let sockets = self.ports(kind).lock().sockets();
        let v4 = |address: &Option<Address>| match address {
            Some(Address::Inet(SocketAddr::V4(addr))) => {
                Some(format!("{:08X}:{:04X}", u32::from_le_bytes(addr.ip().octets()), addr.port()))
            }
            Some(Address::Inet(addr)) if matches!(addr.ip(), IpAddr::V6(_)) => None,
            _ => Some(String::from("00000000:0000")),
        };
        let mut slot = 0;
        for socket in sockets {
            let (local, peer, uid) = {
                let state = socket.state.lock();
                (v4(&state.local), v4(&state.peer), state.owner.uid)
            };
            let (Some(local), Some(peer)) = (local, peer) else { continue };
            let (state, ino) = (socket.tcp_state(), socket.ino);
            text += &format!(
                "{slot:4}: {local} {peer} {state:02X} 00000000:00000000 00:00000000 00000000 {uid:5}        0 {ino} 1 0 100 0 0 10 0\n"
            );
            slot += 1;
        }
        text
    }

    fn render_unix(&self) -> String {
        let mut text = String::from("Num       RefCount Protocol Flags    Type St Inode Path\n");
        let sockets: Vec<_> = self.unix.lock().iter().filter_map(Weak::upgrade).collect();
        for socket in sockets {
            let state = socket.state.lock();
            let (flags, st) = match state.role {
                Role::Listening(_) => (0x10000, 1),
                Role::Connected(_) => (0, 3),
                Role::Closed => continue,
                _ => (0, 1),
            };
            let kind = match socket.kind {
                Kind::Stream => 1,
                Kind::Datagram => 2,
                Kind::SeqPacket => 5,
            };
            let name = match &state.local {
                Some(Address::Unix(UnixName::Path(path))) => format!(" {}", String::from_utf8_lossy(path)),
                Some(Address::Unix(UnixName::Abstract(name))) => {
                    format!(" @{}", String::from_utf8_lossy(name).replace('\0', "@"))
                }
                _ => String::new(),
            };
            let ino = socket.ino;
            text += &format!("0000000000000000: 00000002 00000000 {flags:08X} {kind:04X} {st:02X} {ino:5}{name}\n");
        }
        text
    }
}
