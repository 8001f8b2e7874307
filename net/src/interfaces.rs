//! The one network interface, `lo`, as netdevice(7) ioctls show it.

use abi::linux::Record;
use abi::linux::ioctl::*;
use abi::linux::netlink::ARPHRD_LOOPBACK;
use abi::linux::socket::{AF_INET, IFF_LOWER_UP, IfConf, IfFlags, IfReq, SockAddrIn};
use abi::{Errno, IoctlMem};

/// Index of the loopback interface.
pub(crate) const LO_INDEX: u32 = 1;
/// Its name as C stores it.
pub(crate) const LO_NAME: &[u8] = b"lo\0";
/// Its MTU.
pub(crate) const LO_MTU: u32 = 65536;

/// What the interface can do and is.
pub(crate) fn loopback_flags() -> u32 {
    (IfFlags::IFF_UP | IfFlags::IFF_LOOPBACK | IfFlags::IFF_RUNNING).bits() | IFF_LOWER_UP
}

fn sockaddr(ip: [u8; 4]) -> [u8; 16] {
    let mut raw = [0; 16];
    SockAddrIn { sin_family: AF_INET, sin_addr: ip, ..SockAddrIn::default() }.store(&mut raw);
    raw
}

fn lo_named(union: &[u8]) -> IfReq {
    let mut request = IfReq::default();
    request.ifr_name[..LO_NAME.len()].copy_from_slice(LO_NAME);
    request._pad_union[..union.len()].copy_from_slice(union);
    request
}

/// Requests to any socket about interfaces; `ENOTTY` for what is none of these.
pub(crate) fn ioctl(mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
    match request {
        SIOCGIFCONF => list(mem, arg),
        SIOCGIFNAME | SIOCGIFFLAGS | SIOCGIFADDR | SIOCGIFDSTADDR | SIOCGIFBRDADDR | SIOCGIFNETMASK | SIOCGIFMETRIC
        | SIOCGIFMTU | SIOCGIFHWADDR | SIOCGIFINDEX | SIOCGIFTXQLEN => one(mem, request, arg),
        _ => Err(Errno::ENOTTY),
    }
}

fn one(mem: &mut dyn IoctlMem, request: u32, arg: u64) -> Result<u64, Errno> {
    let mut raw = [0; IfReq::SIZE];
    mem.read(arg, &mut raw)?;
    let asked = IfReq::load(&raw);
    if request == SIOCGIFNAME {
        if u32::load(&asked._pad_union[..4]) != LO_INDEX {
            return Err(Errno::ENODEV);
        }
    } else if asked.ifr_name.split(|&b| b == 0).next() != Some(b"lo") {
        return Err(Errno::ENODEV);
    }
    let answer = match request {
        SIOCGIFNAME => lo_named(&LO_INDEX.to_le_bytes()),
        SIOCGIFFLAGS => lo_named(&(loopback_flags() as u16).to_le_bytes()),
        SIOCGIFADDR | SIOCGIFDSTADDR => lo_named(&sockaddr([127, 0, 0, 1])),
        SIOCGIFBRDADDR => lo_named(&sockaddr([0; 4])),
        SIOCGIFNETMASK => lo_named(&sockaddr([255, 0, 0, 0])),
        SIOCGIFMTU => lo_named(&LO_MTU.to_le_bytes()),
        SIOCGIFHWADDR => lo_named(&ARPHRD_LOOPBACK.to_le_bytes()),
        SIOCGIFINDEX => lo_named(&LO_INDEX.to_le_bytes()),
        SIOCGIFTXQLEN => lo_named(&1000u32.to_le_bytes()),
        _ => lo_named(&[]),
    };
    answer.store(&mut raw);
    mem.write(arg, &raw)?;
    Ok(0)
}

fn list(mem: &mut dyn IoctlMem, arg: u64) -> Result<u64, Errno> {
    let mut raw = [0; IfConf::SIZE];
    mem.read(arg, &mut raw)?;
    let mut conf = IfConf::load(&raw);
    let has_room = conf._pad_buf == 0 || conf.ifc_len >= IfReq::SIZE as i32;
    if conf._pad_buf != 0 && has_room {
        let mut entry = [0; IfReq::SIZE];
        lo_named(&sockaddr([127, 0, 0, 1])).store(&mut entry);
        mem.write(conf._pad_buf, &entry)?;
    }
    conf.ifc_len = if has_room { IfReq::SIZE as i32 } else { 0 };
    conf.store(&mut raw);
    mem.write(arg, &raw)?;
    Ok(0)
}
