//! futex(2): waiting for a word of user memory, and the robust list of a thread that ends.
//!
//! A waiter is parked under the word's identity; a waker grants it its return value and makes it ready. Priority
//! inheritance has nothing to inherit in a round robin: the PI operations keep the word as glibc and the man page say.

use super::args::{Hex, UserMut, UserPtr, opaque};
use super::{Cx, SysResult};
use crate::Kernel;
use crate::mm::{Backing, VmaFlags};
use crate::sched::Name;
use crate::task::State;
use crate::wait::{FutexKey, OnSignal, Wait, WaitOn};
use brainworm_abi::linux::Record;
use brainworm_abi::linux::futex::*;
use brainworm_abi::linux::time::TimespecC;
use brainworm_abi::{Errno, GuestAddr, Nanos, PAGE_SHIFT};
use brainworm_cpu::Access;

opaque!(RobustListHead);

/// Largest count that means "all".
const ALL: u32 = i32::MAX as u32;

impl Kernel {
    /// What names a futex word: EINVAL unless aligned, EFAULT unless it can be read.
    fn futex_key(&mut self, ix: u32, addr: GuestAddr, is_private: bool) -> Result<FutexKey, Errno> {
        if !addr.0.is_multiple_of(4) {
            return Err(Errno::EINVAL);
        }
        let mut mem = self.user_mem(ix);
        let space = mem.space.id;
        if is_private {
            return Ok(FutexKey::Private { space, addr: addr.0 });
        }
        let (start, vma) = mem.space.find(addr.page()).ok_or(Errno::EFAULT)?;
        if let (true, Backing::File { desc, first }) = (vma.flags.contains(VmaFlags::SHARED), &vma.backing) {
            let page = first + (addr.page() - start);
            let file = desc.file.map_id().unwrap_or((0, desc.id));
            return Ok(FutexKey::Shared { file, offset: (page << PAGE_SHIFT) + addr.page_offset() as u64 });
        }
        mem.touch(addr.0, Access::Read).map_err(|fault| mem.refused(fault))?;
        Ok(FutexKey::Private { space, addr: addr.0 })
    }
    /// Wakes up to `count` waiters whose bits meet `bits`, longest waiting first; answers how many.
    fn futex_wake(&mut self, key: FutexKey, count: u32, bits: u32) -> u64 {
        let Some(tids) = self.sched.parked.get(&Name::Futex(key)).cloned() else { return 0 };
        let mut woken = 0;
        for tid in tids {
            if woken >= count {
                break;
            }
            let Some(ix) = self.world.task_of(tid) else { continue };
            let State::Parked(parked) = &self.world.tasks[ix].state else { continue };
            let meets = parked.wait.on.iter().any(|on| matches!(on, WaitOn::Futex(k, b) if *k == key && b & bits != 0));
            if meets {
                self.world.tasks[ix].restart.is_granted = true;
                self.wake(ix);
                woken += 1;
            }
        }
        woken.into()
    }
    /// Moves up to `count` waiters from one word to another.
    fn futex_requeue(&mut self, from: FutexKey, to: FutexKey, count: u32) -> u64 {
        let Some(tids) = self.sched.parked.get(&Name::Futex(from)).cloned() else { return 0 };
        let mut moved = 0;
        for tid in tids {
            if moved >= count {
                break;
            }
            let Some(ix) = self.world.task_of(tid) else { continue };
            let State::Parked(parked) = &mut self.world.tasks[ix].state else { continue };
            for on in &mut parked.wait.on {
                if let WaitOn::Futex(key, _) = on
                    && *key == from
                {
                    *key = to;
                }
            }
            if let Some(tids) = self.sched.parked.get_mut(&Name::Futex(from)) {
                tids.retain(|&t| t != tid);
            }
            self.sched.parked.entry(Name::Futex(to)).or_default().push(tid);
            moved += 1;
        }
        if self.sched.parked.get(&Name::Futex(from)).is_some_and(alloc::vec::Vec::is_empty) {
            self.sched.parked.remove(&Name::Futex(from));
        }
        moved.into()
    }
    /// A wake-up on the kernel's own account (a thread's end), whichever way the waiters named the word.
    pub(crate) fn futex_wake_addr(&mut self, ix: u32, addr: GuestAddr, count: u32) {
        for is_private in [true, false] {
            if let Ok(key) = self.futex_key(ix, addr, is_private)
                && self.futex_wake(key, count, FUTEX_BITSET_MATCH_ANY) > 0
            {
                return;
            }
        }
    }
    /// A thread ends: locks of its robust list are marked and one waiter of each is woken (get_robust_list(2)).
    pub(crate) fn walk_robust_list(&mut self, ix: u32) {
        let head_at = core::mem::take(&mut self.world.tasks[ix].robust_list);
        if head_at.is_null() {
            return;
        }
        let Ok(head) = self.peek_user::<RobustListHead>(ix, head_at) else { return };
        let mut entry = head.list;
        for _ in 0..ROBUST_LIST_LIMIT {
            if entry & !1 == head_at.0 {
                break;
            }
            let next = self.peek_user::<u64>(ix, GuestAddr(entry & !1));
            // The lock in transition is handled once, below.
            if entry & !1 != head.list_op_pending & !1 {
                self.release_robust(ix, (entry & !1).wrapping_add_signed(head.futex_offset), entry & 1 != 0);
            }
            match next {
                Ok(next) => entry = next,
                Err(_) => return,
            }
        }
        let pending = head.list_op_pending;
        if pending & !1 != 0 {
            self.release_robust(ix, (pending & !1).wrapping_add_signed(head.futex_offset), pending & 1 != 0);
        }
    }
    fn release_robust(&mut self, ix: u32, addr: u64, is_pi: bool) {
        let addr = GuestAddr(addr);
        let Ok(word) = self.peek_user::<u32>(ix, addr) else { return };
        if word & FUTEX_TID_MASK != self.world.tasks[ix].tid || !addr.0.is_multiple_of(4) {
            return;
        }
        let dead = word & FUTEX_WAITERS | FUTEX_OWNER_DIED;
        if self.user_mem(ix).copy_out(addr, &dead.to_le_bytes()).is_ok() && (word & FUTEX_WAITERS != 0 || is_pi) {
            self.futex_wake_addr(ix, addr, 1);
        }
    }
    fn peek_user<T: Record>(&mut self, ix: u32, addr: GuestAddr) -> Result<T, Errno> {
        let mut bytes = [0; 32];
        let bytes = &mut bytes[..T::SIZE];
        self.user_mem(ix).copy_in(addr, bytes)?;
        Ok(T::load(bytes))
    }
}

/// futex(2).
pub(super) fn sys_futex(
    cx: &mut Cx<'_>,
    addr: GuestAddr,
    op: Hex,
    value: u32,
    timeout: UserPtr<TimespecC>,
    addr2: GuestAddr,
    value3: u32,
) -> SysResult {
    let op = op.0 as u32;
    let is_private = op & FUTEX_PRIVATE_FLAG != 0;
    let is_realtime = op & FUTEX_CLOCK_REALTIME != 0;
    let command = op & !(FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME);
    // The fourth argument is a count for those that need one.
    let value2 = timeout.addr.0 as u32;
    let word = UserMut::<u32>::new(addr);
    match command {
        FUTEX_WAIT | FUTEX_WAIT_BITSET => {
            let bits = if command == FUTEX_WAIT { FUTEX_BITSET_MATCH_ANY } else { value3 };
            let is_absolute = command == FUTEX_WAIT_BITSET;
            wait(cx, addr, is_private, value, timeout, is_absolute, is_realtime, bits)
        }
        FUTEX_WAKE | FUTEX_WAKE_BITSET => {
            let bits = if command == FUTEX_WAKE { FUTEX_BITSET_MATCH_ANY } else { value3 };
            if bits == 0 {
                return Err(Errno::EINVAL.into());
            }
            let key = cx.k.futex_key(cx.ix, addr, is_private)?;
            // At least one, as Linux has it.
            Ok(cx.k.futex_wake(key, value.clamp(1, ALL), bits))
        }
        FUTEX_REQUEUE | FUTEX_CMP_REQUEUE | FUTEX_CMP_REQUEUE_PI => {
            if value as i32 <= -1 || (value2 as i32) < 0 {
                return Err(Errno::EINVAL.into());
            }
            let from = cx.k.futex_key(cx.ix, addr, is_private)?;
            let to = cx.k.futex_key(cx.ix, addr2, is_private)?;
            if command != FUTEX_REQUEUE && cx.copy_in::<u32>(UserPtr::new(addr))? != value3 {
                return Err(Errno::EAGAIN.into());
            }
            if command == FUTEX_CMP_REQUEUE_PI {
                // The waiters take the lock themselves when they wake: all that matters is that they do.
                return Ok(cx.k.futex_wake(from, value.saturating_add(value2).min(ALL), FUTEX_BITSET_MATCH_ANY));
            }
            let woken = cx.k.futex_wake(from, value, FUTEX_BITSET_MATCH_ANY);
            let moved = if from == to { 0 } else { cx.k.futex_requeue(from, to, value2) };
            Ok(woken + moved)
        }
        FUTEX_WAKE_OP => wake_op(cx, addr, addr2, is_private, value, value2, value3),
        FUTEX_LOCK_PI | FUTEX_LOCK_PI2 => {
            // The first kind counts on the wall clock, always absolute.
            lock_pi(cx, word, is_private, timeout, command == FUTEX_LOCK_PI || is_realtime)
        }
        FUTEX_TRYLOCK_PI => try_lock_pi(cx, word).map_err(Into::into),
        FUTEX_UNLOCK_PI => unlock_pi(cx, word, is_private),
        FUTEX_WAIT_REQUEUE_PI => wait_requeue_pi(cx, addr, addr2, is_private, value, timeout, is_realtime),
        _ => Err(Errno::ENOSYS.into()),
    }
}

/// The monotonic deadline of a timeout: relative, or absolute on one of two clocks.
fn deadline(
    cx: &mut Cx<'_>,
    timeout: UserPtr<TimespecC>,
    is_absolute: bool,
    is_realtime: bool,
) -> Result<Option<Nanos>, Errno> {
    let Some(time) = cx.copy_in_opt(timeout)? else { return Ok(None) };
    let nanos = time.to_nanos()?;
    if !is_absolute {
        return Ok(cx.deadline(Some(nanos)));
    }
    if !is_realtime {
        return Ok(Some(nanos));
    }
    let left = nanos.saturating_sub(cx.k.host.wall());
    Ok(Some(cx.now().saturating_add(left)))
}

#[expect(clippy::too_many_arguments, reason = "the arguments of futex(2), taken apart")]
fn wait(
    cx: &mut Cx<'_>,
    addr: GuestAddr,
    is_private: bool,
    value: u32,
    timeout: UserPtr<TimespecC>,
    is_absolute: bool,
    is_realtime: bool,
    bits: u32,
) -> SysResult {
    if bits == 0 {
        return Err(Errno::EINVAL.into());
    }
    if cx.task().restart.is_granted {
        return Ok(0);
    }
    let deadline = deadline(cx, timeout, is_absolute, is_realtime)?;
    let key = cx.k.futex_key(cx.ix, addr, is_private)?;
    let is_again = cx.task().restart.is_again;
    // Once asleep, only a wake-up, the deadline or a signal ends it: the word is not looked at again.
    if !is_again && cx.copy_in::<u32>(UserPtr::new(addr))? != value {
        return Err(Errno::EAGAIN.into());
    }
    if cx.is_past(deadline) {
        return Err(Errno::ETIMEDOUT.into());
    }
    let on_signal = if deadline.is_some() && !is_absolute { OnSignal::Block } else { OnSignal::Restart };
    Err(cx.block(Wait::on(WaitOn::Futex(key, bits)), deadline, on_signal))
}

/// FUTEX_WAKE_OP: changes the second word, wakes on the first, and on the second if its old value compares.
fn wake_op(
    cx: &mut Cx<'_>,
    addr: GuestAddr,
    addr2: GuestAddr,
    is_private: bool,
    count: u32,
    count2: u32,
    op: u32,
) -> SysResult {
    let key = cx.k.futex_key(cx.ix, addr, is_private)?;
    let key2 = cx.k.futex_key(cx.ix, addr2, is_private)?;
    let (kind, compare) = (op >> 28 & 0xf, op >> 24 & 0xf);
    // Twelve bits each, with sign.
    let signed = |bits: u32| ((bits << 20) as i32) >> 20;
    let (mut operand, expected) = (signed(op >> 12 & 0xfff), signed(op & 0xfff));
    if kind & FUTEX_OP_OPARG_SHIFT != 0 {
        operand = 1i32.wrapping_shl(operand as u32 & 31);
    }
    let old: u32 = cx.copy_in(UserPtr::new(addr2))?;
    let new = match kind & 7 {
        FUTEX_OP_SET => operand as u32,
        FUTEX_OP_ADD => old.wrapping_add(operand as u32),
        FUTEX_OP_OR => old | operand as u32,
        FUTEX_OP_ANDN => old & !(operand as u32),
        FUTEX_OP_XOR => old ^ operand as u32,
        _ => return Err(Errno::ENOSYS.into()),
    };
    cx.copy_out(UserMut::new(addr2), &new)?;
    let old = old as i32;
    let is_met = match compare {
        FUTEX_OP_CMP_EQ => old == expected,
        FUTEX_OP_CMP_NE => old != expected,
        FUTEX_OP_CMP_LT => old < expected,
        FUTEX_OP_CMP_LE => old <= expected,
        FUTEX_OP_CMP_GT => old > expected,
        FUTEX_OP_CMP_GE => old >= expected,
        _ => return Err(Errno::ENOSYS.into()),
    };
    let mut woken = cx.k.futex_wake(key, count, FUTEX_BITSET_MATCH_ANY);
    if is_met {
        woken += cx.k.futex_wake(key2, count2, FUTEX_BITSET_MATCH_ANY);
    }
    Ok(woken)
}

// --- PI futexes ----------------------------------------------------------------------------------------------------------

/// Takes the lock if it is free (or its owner died); EAGAIN when another thread has it, EDEADLK when we have.
fn try_lock_pi(cx: &mut Cx<'_>, word: UserMut<u32>) -> Result<u64, Errno> {
    let value: u32 = cx.copy_in(UserPtr::new(word.addr))?;
    let (owner, me) = (value & FUTEX_TID_MASK, cx.task().tid);
    if owner == me {
        return Err(Errno::EDEADLK);
    }
    if owner == 0 {
        cx.copy_out(word, &(me | value & (FUTEX_OWNER_DIED | FUTEX_WAITERS)))?;
        return Ok(0);
    }
    if cx.k.world.task_of(owner).is_none() {
        return Err(Errno::ESRCH);
    }
    Err(Errno::EAGAIN)
}

fn lock_pi(
    cx: &mut Cx<'_>,
    word: UserMut<u32>,
    is_private: bool,
    timeout: UserPtr<TimespecC>,
    is_realtime: bool,
) -> SysResult {
    if cx.task().restart.is_granted {
        // The unlocker made us the owner.
        return Ok(0);
    }
    match try_lock_pi(cx, word) {
        Err(Errno::EAGAIN) => {}
        other => return other.map_err(Into::into),
    }
    let deadline = deadline(cx, timeout, true, is_realtime)?;
    if cx.is_past(deadline) {
        return Err(Errno::ETIMEDOUT.into());
    }
    let value: u32 = cx.copy_in(UserPtr::new(word.addr))?;
    cx.copy_out(word, &(value | FUTEX_WAITERS))?;
    let key = cx.k.futex_key(cx.ix, word.addr, is_private)?;
    Err(cx.block(Wait::on(WaitOn::Futex(key, FUTEX_BITSET_MATCH_ANY)), deadline, OnSignal::Restart))
}

/// Hands the lock to the longest waiter.
fn unlock_pi(cx: &mut Cx<'_>, word: UserMut<u32>, is_private: bool) -> SysResult {
    let value: u32 = cx.copy_in(UserPtr::new(word.addr))?;
    if value & FUTEX_TID_MASK != cx.task().tid {
        return Err(Errno::EPERM.into());
    }
    let key = cx.k.futex_key(cx.ix, word.addr, is_private)?;
    let waiters = cx.k.sched.parked.get(&Name::Futex(key)).cloned().unwrap_or_default();
    match waiters.first() {
        None => cx.copy_out(word, &0)?,
        Some(&next) => {
            let more = if waiters.len() > 1 { FUTEX_WAITERS } else { 0 };
            cx.copy_out(word, &(next | more))?;
            cx.k.futex_wake(key, 1, FUTEX_BITSET_MATCH_ANY);
        }
    }
    Ok(0)
}

/// FUTEX_WAIT_REQUEUE_PI: waits on one word, then owns the other (condition variables with PI mutexes).
fn wait_requeue_pi(
    cx: &mut Cx<'_>,
    addr: GuestAddr,
    lock: GuestAddr,
    is_private: bool,
    value: u32,
    timeout: UserPtr<TimespecC>,
    is_realtime: bool,
) -> SysResult {
    // Phase 1 is over once we were woken on the first word.
    if cx.task().restart.scratch == 0 {
        wait(cx, addr, is_private, value, timeout, true, is_realtime, FUTEX_BITSET_MATCH_ANY)?;
        cx.task_mut().restart.scratch = 1;
        cx.task_mut().restart.is_granted = false;
    }
    lock_pi(cx, UserMut::new(lock), is_private, timeout, is_realtime)
}

/// set_robust_list(2).
pub(super) fn sys_set_robust_list(cx: &mut Cx<'_>, head: GuestAddr, len: u64) -> SysResult {
    if len != RobustListHead::SIZE as u64 {
        return Err(Errno::EINVAL.into());
    }
    cx.task_mut().robust_list = head;
    Ok(0)
}

/// get_robust_list(2).
pub(super) fn sys_get_robust_list(cx: &mut Cx<'_>, tid: i32, head: UserMut<u64>, len: UserMut<u64>) -> SysResult {
    let ix = match tid {
        0 => cx.ix,
        tid => cx.k.world.task_of(tid as u32).ok_or(Errno::ESRCH)?,
    };
    let task = &cx.k.world.tasks[ix];
    if task.creds.uid != cx.creds().uid && !cx.creds().can(crate::task::cap::SYS_ADMIN) {
        return Err(Errno::EPERM.into());
    }
    let list = task.robust_list.0;
    cx.copy_out(len, &(RobustListHead::SIZE as u64))?;
    cx.copy_out(head, &list)?;
    Ok(0)
}
