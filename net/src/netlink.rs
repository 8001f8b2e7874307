//! rtnetlink(7): lists the loopback interface and its two addresses, which is what getaddrinfo(3), getifaddrs(3) and
//! if_nameindex(3) of every libc ask for. Routes and rules are empty; changes are refused.

use crate::addr::append;
use crate::interfaces::{LO_INDEX, LO_MTU, LO_NAME, loopback_flags};
use abi::Errno;
use abi::linux::Record;
use abi::linux::netlink::*;
use abi::linux::socket::{AF_INET, AF_INET6, AF_UNSPEC};
use alloc::vec::Vec;

/// Answers all requests in one datagram; each reply is one datagram.
pub(crate) fn answer(mut bytes: &[u8], pid: u32, replies: &mut Vec<Vec<u8>>) {
    while let Some(header) = bytes.get(..NlMsgHdr::SIZE).map(NlMsgHdr::load) {
        let len = header.nlmsg_len as usize;
        if len < NlMsgHdr::SIZE || len > bytes.len() {
            return;
        }
        let family = bytes.get(NlMsgHdr::SIZE).copied().unwrap_or(0);
        one(&header, u16::from(family), pid, replies);
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
}

fn one(request: &NlMsgHdr, family: u16, pid: u32, replies: &mut Vec<Vec<u8>>) {
    let flags = NlmFlags::from_bits_truncate(request.nlmsg_flags);
    if !flags.contains(NlmFlags::NLM_F_REQUEST) || request.nlmsg_type < RTM_NEWLINK {
        return;
    }
    let is_dump = flags.intersects(NlmFlags::NLM_F_DUMP);
    let multi = if is_dump { NlmFlags::NLM_F_MULTI.bits() } else { 0 };
    let reply = |kind: u16, body: &[u8]| {
        let mut out = Vec::new();
        let len = (NlMsgHdr::SIZE + body.len()) as u32;
        let header = NlMsgHdr {
            nlmsg_len: len,
            nlmsg_type: kind,
            nlmsg_flags: multi,
            nlmsg_seq: request.nlmsg_seq,
            nlmsg_pid: pid,
        };
        append(&mut out, &header);
        out.extend_from_slice(body);
        out
    };
    let mut messages = match (request.nlmsg_type, is_dump) {
        (RTM_GETLINK, _) => alloc::vec![reply(RTM_NEWLINK, &link())],
        (RTM_GETADDR, true) => {
            let all = [
                (AF_INET, &[127, 0, 0, 1][..], 8),
                (AF_INET6, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], 128),
            ];
            let asked = all.iter().filter(|entry| family == AF_UNSPEC || family == entry.0);
            asked.map(|entry| reply(RTM_NEWADDR, &address(entry.0, entry.1, entry.2))).collect()
        }
        (RTM_GETROUTE | RTM_GETNEIGH | RTM_GETRULE, true) => Vec::new(),
        _ => {
            replies.push(error(request, pid, Errno::EOPNOTSUPP as i32));
            return;
        }
    };
    if is_dump {
        // All parts in one datagram, as a small dump comes from Linux; NLMSG_DONE ends it.
        replies.push(messages.concat());
        replies.push(reply(NLMSG_DONE, &0i32.to_le_bytes()));
        replies.retain(|reply| !reply.is_empty());
    } else {
        replies.append(&mut messages);
        if flags.contains(NlmFlags::NLM_F_ACK) {
            replies.push(error(request, pid, 0));
        }
    }
}

/// NLMSG_ERROR: the negated number and the request's header; 0 acknowledges.
fn error(request: &NlMsgHdr, pid: u32, number: i32) -> Vec<u8> {
    let mut out = Vec::new();
    let len = (NlMsgHdr::SIZE * 2 + 4) as u32;
    append(
        &mut out,
        &NlMsgHdr {
            nlmsg_len: len,
            nlmsg_type: NLMSG_ERROR,
            nlmsg_flags: 0,
            nlmsg_seq: request.nlmsg_seq,
            nlmsg_pid: pid,
        },
    );
    append(&mut out, &-number);
    append(&mut out, request);
    out
}

fn attribute(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    append(out, &(value.len() as u16 + 4));
    append(out, &kind);
    out.extend_from_slice(value);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn link() -> Vec<u8> {
    let mut out = Vec::new();
    let flags = loopback_flags();
    append(
        &mut out,
        &IfInfoMsg { ifi_type: ARPHRD_LOOPBACK, ifi_index: LO_INDEX as i32, ifi_flags: flags, ..IfInfoMsg::default() },
    );
    attribute(&mut out, IFLA_IFNAME, LO_NAME);
    attribute(&mut out, IFLA_TXQLEN, &1000u32.to_le_bytes());
    attribute(&mut out, IFLA_OPERSTATE, &[0]);
    attribute(&mut out, IFLA_MTU, &LO_MTU.to_le_bytes());
    attribute(&mut out, IFLA_ADDRESS, &[0; 6]);
    attribute(&mut out, IFLA_BROADCAST, &[0; 6]);
    out
}

fn address(family: u16, ip: &[u8], prefix: u8) -> Vec<u8> {
    let mut out = Vec::new();
    append(
        &mut out,
        &IfAddrMsg {
            ifa_family: family as u8,
            ifa_prefixlen: prefix,
            ifa_flags: IFA_F_PERMANENT as u8,
            ifa_scope: RT_SCOPE_HOST as u8,
            ifa_index: LO_INDEX,
        },
    );
    attribute(&mut out, IFA_ADDRESS, ip);
    if family == AF_INET {
        attribute(&mut out, IFA_LOCAL, ip);
        attribute(&mut out, IFA_LABEL, LO_NAME);
    }
    attribute(&mut out, IFA_FLAGS, &u32::from(IFA_F_PERMANENT).to_le_bytes());
    // struct ifa_cacheinfo: valid and preferred for ever.
    let cacheinfo: Vec<u8> = [u32::MAX, u32::MAX, 0, 0].iter().flat_map(|word| word.to_le_bytes()).collect();
    attribute(&mut out, IFA_CACHEINFO, &cacheinfo);
    out
}
