//! socket(2) and what goes with it: families, options, messages, addresses, unix(7), ip(7), tcp(7).

use super::record::{c_check, c_consts, c_flags, c_struct};

c_consts! {
    /// Address families.
    FAMILIES: u16 { AF_UNSPEC = 0, AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16, AF_PACKET = 17, }
}
c_consts! {
    /// Socket types; [`SocketFlags`] may be or'ed in.
    TYPES: u32 { SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_RAW = 3, SOCK_RDM = 4, SOCK_SEQPACKET = 5, SOCK_PACKET = 10, }
}
c_flags! {
    /// Flags in the type argument of socket(2) and of accept4(2).
    SocketFlags: u32 { SOCK_NONBLOCK = 0o4000, SOCK_CLOEXEC = 0o2000000, }
}
c_consts! {
    /// Protocols of ip(7).
    PROTOCOLS: u32 { IPPROTO_IP = 0, IPPROTO_ICMP = 1, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_IPV6 = 41,
        IPPROTO_ICMPV6 = 58, IPPROTO_RAW = 255, }
}
c_consts! {
    /// Level of the options of all sockets.
    LEVELS: u32 { SOL_SOCKET = 1, SOL_NETLINK = 270, }
}
c_consts! {
    /// Options at SOL_SOCKET, socket(7).
    OPTIONS: u32 {
        SO_DEBUG = 1, SO_REUSEADDR = 2, SO_TYPE = 3, SO_ERROR = 4, SO_DONTROUTE = 5, SO_BROADCAST = 6, SO_SNDBUF = 7,
        SO_RCVBUF = 8, SO_KEEPALIVE = 9, SO_OOBINLINE = 10, SO_PRIORITY = 12, SO_LINGER = 13, SO_REUSEPORT = 15,
        SO_PASSCRED = 16, SO_PEERCRED = 17, SO_RCVLOWAT = 18, SO_SNDLOWAT = 19, SO_RCVTIMEO = 20, SO_SNDTIMEO = 21,
        SO_BINDTODEVICE = 25, SO_ATTACH_FILTER = 26, SO_DETACH_FILTER = 27, SO_PEERNAME = 28, SO_TIMESTAMP = 29,
        SO_ACCEPTCONN = 30, SO_PEERSEC = 31, SO_SNDBUFFORCE = 32, SO_RCVBUFFORCE = 33, SO_PASSSEC = 34,
        SO_TIMESTAMPNS = 35, SO_MARK = 36, SO_TIMESTAMPING = 37, SO_PROTOCOL = 38, SO_DOMAIN = 39, SO_RXQ_OVFL = 40,
        SO_PEEK_OFF = 42, SO_BUSY_POLL = 46, SO_INCOMING_CPU = 49, SO_COOKIE = 57, SO_PEERGROUPS = 59,
    }
}
c_consts! {
    /// Options at IPPROTO_TCP, tcp(7).
    TCP_OPTIONS: u32 {
        TCP_NODELAY = 1, TCP_MAXSEG = 2, TCP_CORK = 3, TCP_KEEPIDLE = 4, TCP_KEEPINTVL = 5, TCP_KEEPCNT = 6,
        TCP_SYNCNT = 7, TCP_LINGER2 = 8, TCP_DEFER_ACCEPT = 9, TCP_WINDOW_CLAMP = 10, TCP_INFO = 11, TCP_QUICKACK = 12,
        TCP_CONGESTION = 13, TCP_USER_TIMEOUT = 18, TCP_FASTOPEN = 23, TCP_NOTSENT_LOWAT = 25,
        TCP_FASTOPEN_CONNECT = 30,
    }
}
c_consts! {
    /// Options at IPPROTO_IP and IPPROTO_IPV6.
    IP_OPTIONS: u32 {
        IP_TOS = 1, IP_TTL = 2, IP_PKTINFO = 8, IP_MTU_DISCOVER = 10, IP_RECVERR = 11, IP_RECVTTL = 12,
        IP_RECVTOS = 13, IP_MTU = 14, IP_FREEBIND = 15, IP_BIND_ADDRESS_NO_PORT = 24, IP_MULTICAST_IF = 32,
        IP_MULTICAST_TTL = 33, IP_MULTICAST_LOOP = 34, IP_ADD_MEMBERSHIP = 35, IPV6_UNICAST_HOPS = 16,
        IPV6_MULTICAST_IF = 17, IPV6_MULTICAST_HOPS = 18, IPV6_MULTICAST_LOOP = 19, IPV6_ADD_MEMBERSHIP = 20,
        IPV6_MTU_DISCOVER = 23, IPV6_MTU = 24, IPV6_RECVERR = 25, IPV6_V6ONLY = 26, IPV6_RECVPKTINFO = 49,
        IPV6_PKTINFO = 50, IPV6_RECVTCLASS = 66, IPV6_TCLASS = 67,
    }
}
c_flags! {
    /// Flags of send(2) and recv(2).
    MsgFlags: u32 {
        MSG_OOB = 1, MSG_PEEK = 2, MSG_DONTROUTE = 4, MSG_CTRUNC = 8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40,
        MSG_EOR = 0x80, MSG_WAITALL = 0x100, MSG_CONFIRM = 0x800, MSG_ERRQUEUE = 0x2000, MSG_NOSIGNAL = 0x4000,
        MSG_MORE = 0x8000, MSG_WAITFORONE = 0x1_0000, MSG_ZEROCOPY = 0x400_0000, MSG_FASTOPEN = 0x2000_0000,
        MSG_CMSG_CLOEXEC = 0x4000_0000,
    }
}
c_consts! {
    /// Directions of shutdown(2).
    DIRECTIONS: u32 { SHUT_RD = 0, SHUT_WR = 1, SHUT_RDWR = 2, }
}
c_consts! {
    /// Ancillary messages of unix(7), cmsg_type at SOL_SOCKET.
    ANCILLARY: u32 { SCM_RIGHTS = 1, SCM_CREDENTIALS = 2, }
}
/// Most descriptors in one SCM_RIGHTS message.
pub const SCM_MAX_FD: usize = 253;
/// Upper bound of the backlog of listen(2) (`net.core.somaxconn`).
pub const SOMAXCONN: u32 = 4096;

c_struct! {
    /// `struct msghdr`.
    MsgHdr: 56, "struct msghdr" {
        msg_name: u64, msg_namelen: u32, msg_iov: u64, msg_iovlen: u64, msg_control: u64, msg_controllen: u64,
        msg_flags: u32,
    }
}
c_struct! {
    /// `struct mmsghdr`, sendmmsg(2).
    MMsgHdr: 64, "struct mmsghdr" { msg_hdr: MsgHdr, msg_len: u32, }
}
c_struct! {
    /// `struct cmsghdr`, cmsg(3). Data follows; the next one starts at a multiple of 8.
    CMsgHdr: 16, "struct cmsghdr" { cmsg_len: u64, cmsg_level: u32, cmsg_type: u32, }
}
c_struct! {
    /// `struct ucred`, SO_PEERCRED and SCM_CREDENTIALS.
    UCred: 12, "struct ucred" { pid: u32, uid: u32, gid: u32, }
}
c_struct! {
    /// `struct linger`.
    Linger: 8, "struct linger" { l_onoff: i32, l_linger: i32, }
}
c_struct! {
    /// `struct sockaddr_in`; port and address in network order.
    SockAddrIn: 16, "struct sockaddr_in" { sin_family: u16, sin_port: [u8; 2], sin_addr: [u8; 4], _pad_zero: [u8; 8], }
}
c_struct! {
    /// `struct sockaddr_in6`; port and address in network order.
    SockAddrIn6: 28, "struct sockaddr_in6" {
        sin6_family: u16, sin6_port: [u8; 2], sin6_flowinfo: u32, sin6_addr: [u8; 16], sin6_scope_id: u32,
    }
}
c_struct! {
    /// `struct sockaddr_un`.
    SockAddrUn: 110, "struct sockaddr_un" { sun_family: u16, sun_path: [u8; 108], }
}
c_struct! {
    /// `struct sockaddr_nl`, netlink(7).
    SockAddrNl: 12, "struct sockaddr_nl" { nl_family: u16, nl_pad: u16, nl_pid: u32, nl_groups: u32, }
}
/// Bytes of `struct sockaddr_storage`: the longest address.
pub const SOCKADDR_MAX: usize = 128;

c_struct! {
    /// `struct ifreq`, netdevice(7): a name and 24 bytes by request.
    IfReq: 40, "struct ifreq" { ifr_name: [u8; 16], _pad_union: [u8; 24], }
}
c_struct! {
    /// `struct ifconf`, SIOCGIFCONF.
    IfConf: 16, "struct ifconf" { ifc_len: i32, _pad_buf: u64, }
}
c_flags! {
    /// Interface flags, netdevice(7).
    IfFlags: u32 { IFF_UP = 1, IFF_BROADCAST = 2, IFF_LOOPBACK = 8, IFF_RUNNING = 0x40, }
}
/// The interface's lower layer is up.
pub const IFF_LOWER_UP: u32 = 0x1_0000;

c_check! { "sys/socket.h sys/un.h netinet/in.h netinet/tcp.h linux/netlink.h net/if.h",
    consts [FAMILIES, TYPES, PROTOCOLS, LEVELS, OPTIONS, TCP_OPTIONS, IP_OPTIONS, DIRECTIONS, ANCILLARY],
    flags [SocketFlags, MsgFlags, IfFlags],
    structs [MsgHdr, MMsgHdr, CMsgHdr, UCred, Linger, SockAddrIn, SockAddrIn6, SockAddrUn, SockAddrNl, IfReq, IfConf] }
