//! netlink(7) and rtnetlink(7), as far as listing interfaces and addresses needs them.

use super::record::{c_check, c_consts, c_flags, c_struct};

c_consts! {
    /// Netlink families.
    FAMILIES: u32 { NETLINK_ROUTE = 0, NETLINK_SOCK_DIAG = 4, NETLINK_AUDIT = 9, NETLINK_KOBJECT_UEVENT = 15, NETLINK_GENERIC = 16, }
}
c_consts! {
    /// Message types.
    MESSAGES: u16 {
        NLMSG_NOOP = 1, NLMSG_ERROR = 2, NLMSG_DONE = 3, RTM_NEWLINK = 16, RTM_GETLINK = 18, RTM_NEWADDR = 20,
        RTM_GETADDR = 22, RTM_NEWROUTE = 24, RTM_GETROUTE = 26, RTM_GETNEIGH = 30, RTM_GETRULE = 34,
    }
}
c_flags! {
    /// Message flags.
    NlmFlags: u16 { NLM_F_REQUEST = 1, NLM_F_MULTI = 2, NLM_F_ACK = 4, NLM_F_ROOT = 0x100, NLM_F_MATCH = 0x200, NLM_F_DUMP = 0x300, }
}
c_consts! {
    /// Attributes of links and addresses, and what they say of the loopback interface.
    ATTRIBUTES: u16 {
        IFLA_ADDRESS = 1, IFLA_BROADCAST = 2, IFLA_IFNAME = 3, IFLA_MTU = 4, IFLA_TXQLEN = 13, IFLA_OPERSTATE = 16,
        IFLA_EXT_MASK = 29, IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_LABEL = 3, IFA_CACHEINFO = 6, IFA_FLAGS = 8,
        ARPHRD_LOOPBACK = 772, RT_SCOPE_HOST = 254, IFA_F_PERMANENT = 0x80,
    }
}
c_struct! {
    /// `struct nlmsghdr`.
    NlMsgHdr: 16, "struct nlmsghdr" { nlmsg_len: u32, nlmsg_type: u16, nlmsg_flags: u16, nlmsg_seq: u32, nlmsg_pid: u32, }
}
c_struct! {
    /// `struct ifinfomsg`.
    IfInfoMsg: 16, "struct ifinfomsg" { ifi_family: u8, _pad: u8, ifi_type: u16, ifi_index: i32, ifi_flags: u32, ifi_change: u32, }
}
c_struct! {
    /// `struct ifaddrmsg`.
    IfAddrMsg: 8, "struct ifaddrmsg" { ifa_family: u8, ifa_prefixlen: u8, ifa_flags: u8, ifa_scope: u8, ifa_index: u32, }
}

c_check! { "sys/socket.h linux/netlink.h linux/rtnetlink.h linux/if_arp.h",
    consts [FAMILIES, MESSAGES, ATTRIBUTES], flags [NlmFlags], structs [NlMsgHdr, IfInfoMsg, IfAddrMsg] }
