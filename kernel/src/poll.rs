//! epoll(7): sets of descriptions that are watched, and how a ring of a wait point reaches them.
//!
//! An instance does not look at everything it watches: a notification of an object files it as a candidate
//! (`Subscriptions::ring`, called for every key the bell collected), and epoll_wait(2) asks only candidates. Level
//! triggered ones stay candidates as long as they are ready, edge triggered ones until they are reported once.
//! Readiness itself is asked by the handlers (`Cx::readiness`), because some files need the kernel for it.

use crate::events::{TimerFd, anonymous_stat};
use crate::task::{Description, WeakDescription};
use alloc::collections::{BTreeMap, VecDeque};
use alloc::sync::{Arc, Weak};
use alloc::vec::Vec;
use brainworm_abi::linux::epoll::EpollEvents;
use brainworm_abi::{Errno, File, Io, Nanos, Readiness, Stat, WaitKey, WaitPoint};
use core::any::Any;
use hashbrown::HashMap;
use spin::Mutex;

/// How deep instances may watch instances (epoll_ctl(2), ELOOP).
const MAX_NESTS: usize = 5;

/// Who listens to which wait point.
#[derive(Default)]
pub(crate) struct Subscriptions {
    by_key: Mutex<HashMap<WaitKey, Vec<(Weak<Epoll>, u64)>>>,
}

impl Subscriptions {
    fn add(&self, key: WaitKey, epoll: &Weak<Epoll>, item: u64) {
        self.by_key.lock().entry(key).or_default().push((epoll.clone(), item));
    }
    fn remove(&self, key: WaitKey, epoll: &Weak<Epoll>, item: u64) {
        let mut by_key = self.by_key.lock();
        if let Some(list) = by_key.get_mut(&key) {
            list.retain(|(other, at)| *at != item || !other.ptr_eq(epoll));
            if list.is_empty() {
                by_key.remove(&key);
            }
        }
    }
    /// A wait point rang: its listeners have a candidate more, and ring in their turn.
    pub(crate) fn ring(&self, key: WaitKey) {
        let by_key = self.by_key.lock();
        let Some(list) = by_key.get(&key) else { return };
        for (epoll, item) in list {
            if let Some(epoll) = epoll.upgrade() {
                epoll.mark(*item);
            }
        }
    }
}

/// What an instance watches.
struct Item {
    fd: i32,
    desc_id: u64,
    desc: WeakDescription,
    /// The key it is filed under.
    key: WaitKey,
    events: EpollEvents,
    data: u64,
    is_candidate: bool,
    /// Expirations of an edge-triggered timer that were reported.
    seen: u64,
}

#[derive(Default)]
struct State {
    items: BTreeMap<u64, Item>,
    by_fd: HashMap<(i32, u64), u64>,
    candidates: VecDeque<u64>,
    /// Timers become ready without a ring: always looked at.
    timers: Vec<u64>,
    last_id: u64,
}

/// An epoll instance.
pub(crate) struct Epoll {
    me: Weak<Epoll>,
    wait: WaitPoint,
    subscriptions: Arc<Subscriptions>,
    state: Mutex<State>,
}

/// A candidate taken for a look.
pub(crate) struct Candidate {
    pub(crate) id: u64,
    pub(crate) desc: Arc<Description>,
    pub(crate) events: EpollEvents,
    pub(crate) data: u64,
}

/// What an item can ask about; ERR and HUP are always reported.
fn asked(events: EpollEvents) -> Readiness {
    Readiness::from_bits_truncate(events.bits()) | Readiness::ERR | Readiness::HUP
}

impl Epoll {
    pub(crate) fn new(wait: WaitPoint, subscriptions: &Arc<Subscriptions>) -> Arc<Epoll> {
        Arc::new_cyclic(|me| Epoll {
            me: me.clone(),
            wait,
            subscriptions: subscriptions.clone(),
            state: Mutex::default(),
        })
    }

    fn mark(&self, id: u64) {
        let mut state = self.state.lock();
        let State { items, candidates, .. } = &mut *state;
        let Some(item) = items.get_mut(&id) else { return };
        if !item.is_candidate && !item.events.is_empty() {
            item.is_candidate = true;
            candidates.push_back(id);
        }
        drop(state);
        self.wait.notify();
    }

    /// EPOLL_CTL_ADD.
    pub(crate) fn add(&self, fd: i32, desc: &Arc<Description>, events: EpollEvents, data: u64) -> Result<(), Errno> {
        // Files that are always ready cannot be watched.
        let point = desc.file.wait_point().ok_or(Errno::EPERM)?;
        if let Some(inner) = desc.file.as_any().downcast_ref::<Epoll>()
            && (inner.reaches(self, MAX_NESTS) || inner.depth(MAX_NESTS) >= MAX_NESTS)
        {
            return Err(Errno::ELOOP);
        }
        let mut state = self.state.lock();
        if state.by_fd.contains_key(&(fd, desc.id)) {
            return Err(Errno::EEXIST);
        }
        state.last_id += 1;
        let id = state.last_id;
        let is_timer = desc.file.as_any().is::<TimerFd>();
        let item = Item {
            fd,
            desc_id: desc.id,
            desc: Arc::downgrade(desc),
            key: point.key(),
            events,
            data,
            is_candidate: true,
            seen: 0,
        };
        state.items.insert(id, item);
        state.by_fd.insert((fd, desc.id), id);
        state.candidates.push_back(id);
        if is_timer {
            state.timers.push(id);
        }
        drop(state);
        point.add_waiter();
        self.subscriptions.add(point.key(), &self.me, id);
        // Someone may already wait, and the new one may be ready.
        self.wait.notify();
        Ok(())
    }

    /// EPOLL_CTL_MOD.
    pub(crate) fn modify(&self, fd: i32, desc: &Description, events: EpollEvents, data: u64) -> Result<(), Errno> {
        let mut state = self.state.lock();
        let id = *state.by_fd.get(&(fd, desc.id)).ok_or(Errno::ENOENT)?;
        let item = state.items.get_mut(&id).ok_or(Errno::ENOENT)?;
        if item.events.contains(EpollEvents::EPOLLEXCLUSIVE) {
            return Err(Errno::EINVAL);
        }
        (item.events, item.data, item.seen) = (events, data, 0);
        drop(state);
        self.mark(id);
        Ok(())
    }

    /// EPOLL_CTL_DEL.
    pub(crate) fn delete(&self, fd: i32, desc: &Description) -> Result<(), Errno> {
        let id = *self.state.lock().by_fd.get(&(fd, desc.id)).ok_or(Errno::ENOENT)?;
        self.drop_item(id);
        Ok(())
    }

    fn drop_item(&self, id: u64) {
        let mut state = self.state.lock();
        let Some(item) = state.items.remove(&id) else { return };
        state.by_fd.remove(&(item.fd, item.desc_id));
        state.candidates.retain(|&other| other != id);
        state.timers.retain(|&other| other != id);
        drop(state);
        self.subscriptions.remove(item.key, &self.me, id);
        if let Some(point) = item.desc.upgrade().as_ref().and_then(|desc| desc.file.wait_point()) {
            point.remove_waiter();
        }
    }

    /// How many candidates there are to look at; timers count always.
    pub(crate) fn begin(&self) -> usize {
        let mut state = self.state.lock();
        let State { items, candidates, timers, .. } = &mut *state;
        for id in timers {
            if let Some(item) = items.get_mut(id)
                && !item.is_candidate
                && !item.events.is_empty()
            {
                item.is_candidate = true;
                candidates.push_back(*id);
            }
        }
        candidates.len()
    }

    /// Takes the next candidate; one whose description is gone is forgotten.
    pub(crate) fn next(&self) -> Option<Candidate> {
        loop {
            let mut state = self.state.lock();
            let id = state.candidates.pop_front()?;
            let Some(item) = state.items.get_mut(&id) else { continue };
            item.is_candidate = false;
            if let Some(desc) = item.desc.upgrade() {
                return Some(Candidate { id, desc, events: item.events, data: item.data });
            }
            drop(state);
            self.drop_item(id);
        }
    }

    /// What of a candidate's readiness is to be reported; empty: it waits for the next ring. `io` reads the clock.
    pub(crate) fn judge(&self, candidate: &Candidate, ready: Readiness, io: &mut Io<'_>) -> Readiness {
        let ready = ready & asked(candidate.events);
        if ready.is_empty() || !candidate.events.contains(EpollEvents::EPOLLET) {
            return ready;
        }
        let Some(timer) = candidate.desc.file.as_any().downcast_ref::<TimerFd>() else { return ready };
        let now = timer.now(io);
        let count = timer.expirations(now);
        let mut state = self.state.lock();
        let Some(item) = state.items.get_mut(&candidate.id) else { return Readiness::empty() };
        let is_new = count > item.seen;
        item.seen = count;
        if is_new { ready } else { Readiness::empty() }
    }

    /// A candidate was reported: level-triggered ones stay candidates, one-shot ones sleep until EPOLL_CTL_MOD.
    pub(crate) fn reported(&self, candidate: &Candidate) {
        let mut state = self.state.lock();
        let State { items, candidates, .. } = &mut *state;
        let Some(item) = items.get_mut(&candidate.id) else { return };
        if item.events.contains(EpollEvents::EPOLLONESHOT) {
            item.events = EpollEvents::empty();
        } else if !item.events.contains(EpollEvents::EPOLLET) && !item.is_candidate {
            item.is_candidate = true;
            candidates.push_back(candidate.id);
        }
    }

    /// Puts a candidate back in front, unreported: only looked at.
    pub(crate) fn put_back(&self, candidate: &Candidate) {
        let mut state = self.state.lock();
        let State { items, candidates, .. } = &mut *state;
        if let Some(item) = items.get_mut(&candidate.id)
            && !item.is_candidate
        {
            item.is_candidate = true;
            candidates.push_front(candidate.id);
        }
    }

    /// The earliest expiry of a watched timer, on the monotonic clock.
    pub(crate) fn next_timer(&self, io: &mut Io<'_>) -> Option<Nanos> {
        let timers: Vec<Arc<Description>> = {
            let state = self.state.lock();
            state.timers.iter().filter_map(|id| state.items.get(id)?.desc.upgrade()).collect()
        };
        timers
            .iter()
            .filter_map(|desc| {
                let timer = desc.file.as_any().downcast_ref::<TimerFd>()?;
                // An expired one that was reported edge-triggered wakes at its next period only.
                let now = timer.now(io);
                let left = timer.get().left(now);
                if left == 0 { None } else { Some(io.host.monotonic().saturating_add(left)) }
            })
            .min()
    }

    fn children(&self) -> Vec<Arc<Description>> {
        self.state.lock().items.values().filter_map(|item| item.desc.upgrade()).collect()
    }
    /// Watches `other`, directly or through others.
    fn reaches(&self, other: &Epoll, limit: usize) -> bool {
        core::ptr::eq(self, other)
            || limit > 0
                && self.children().iter().any(|desc| {
                    desc.file.as_any().downcast_ref::<Epoll>().is_some_and(|inner| inner.reaches(other, limit - 1))
                })
    }
    fn depth(&self, limit: usize) -> usize {
        let below = |desc: &Arc<Description>| Some(desc.file.as_any().downcast_ref::<Epoll>()?.depth(limit - 1));
        if limit == 0 { 1 } else { 1 + self.children().iter().filter_map(below).max().unwrap_or(0) }
    }
}

impl File for Epoll {
    fn stat(&self, _io: &mut Io<'_>) -> Result<Stat, Errno> {
        Ok(anonymous_stat())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn readiness(&self, _io: &mut Io<'_>) -> Readiness {
        // `Cx::readiness` asks the candidates.
        Readiness::empty()
    }
    fn wait_point(&self) -> Option<&WaitPoint> {
        Some(&self.wait)
    }
    fn wake_at(&self, io: &mut Io<'_>) -> Option<Nanos> {
        self.next_timer(io)
    }
    fn close(&self, _io: &mut Io<'_>) {
        let ids: Vec<u64> = self.state.lock().items.keys().copied().collect();
        for id in ids {
            self.drop_item(id);
        }
    }
}
