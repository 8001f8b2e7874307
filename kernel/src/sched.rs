//! Who runs next: a round robin over ready tasks, those parked and what wakes them, and a heap of deadlines.
//!
//! A parked task is filed under a name for each thing of its `Wait`. Waking takes it out everywhere and makes it ready;
//! it then makes its system call again. Deadlines stay in the heap and are recognised as stale by their serial.

use crate::Kernel;
use crate::task::State;
use crate::wait::{FutexKey, Parked, Wait, WaitOn};
use alloc::collections::{BinaryHeap, VecDeque};
use alloc::vec::Vec;
use brainworm_abi::{Interest, Nanos, Pid, WaitKey};
use core::cmp::Reverse;
use hashbrown::HashMap;

/// What a parked task is filed under.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Name {
    Point(WaitKey),
    Host,
    Child(Pid),
    Vfork(Pid),
    Futex(FutexKey),
}

/// What a deadline is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Alarm {
    /// A parked task's `Wait::until`: tid and serial of the park.
    Park(Pid, u64),
    /// setitimer(2) ITIMER_REAL of a process, with its generation.
    Real(Pid, u64),
    /// timer_create(2): process, timer id, generation.
    Posix(Pid, u32, u64),
}

/// Queues of the scheduler.
#[derive(Default)]
pub(crate) struct Sched {
    pub(crate) ready: VecDeque<u32>,
    pub(crate) alarms: BinaryHeap<Reverse<(Nanos, Alarm)>>,
    /// Tids parked under a name, longest waiting first.
    pub(crate) parked: HashMap<Name, Vec<Pid>>,
    pub(crate) serial: u64,
    /// How many alarms there may be before stale ones are dropped.
    alarms_max: usize,
    /// Keys rung by objects, on their way to `wake_point`.
    rung: Vec<WaitKey>,
}

fn name_of(on: &WaitOn) -> Option<Name> {
    Some(match on {
        WaitOn::File(_) | WaitOn::Point(_) => Name::Point(on.point()?.key()),
        WaitOn::Host => Name::Host,
        WaitOn::Child(pid) => Name::Child(*pid),
        WaitOn::Vfork(tid) => Name::Vfork(*tid),
        WaitOn::Futex(key, _) => Name::Futex(*key),
        WaitOn::Signal => return None,
    })
}

impl Kernel {
    /// Puts a task at the end of the run queue.
    pub(crate) fn enqueue(&mut self, ix: u32) {
        let task = &mut self.world.tasks[ix];
        if !task.is_queued {
            task.is_queued = true;
            self.sched.ready.push_back(ix);
        }
    }
    /// Takes a task off the CPU until something of the wait happens.
    pub(crate) fn park(&mut self, ix: u32, wait: Wait) {
        self.sched.serial += 1;
        let serial = self.sched.serial;
        let task = &mut self.world.tasks[ix];
        for on in &wait.on {
            if let Some(point) = on.point() {
                point.add_waiter();
            }
            if let Some(name) = name_of(on) {
                self.sched.parked.entry(name).or_default().push(task.tid);
            }
        }
        if let Some(until) = wait.until {
            let alarm = Alarm::Park(task.tid, serial);
            task.switches.0 += 1;
            task.state = State::Parked(Parked { wait, serial });
            self.set_alarm(until, alarm);
            return;
        }
        task.switches.0 += 1;
        task.state = State::Parked(Parked { wait, serial });
    }
    /// Files a deadline. Stale ones are dropped when there are many: a guest that sets timers again and again costs
    /// nothing.
    pub(crate) fn set_alarm(&mut self, when: Nanos, alarm: Alarm) {
        if self.sched.alarms.len() >= self.sched.alarms_max.max(256) {
            let mut alarms = core::mem::take(&mut self.sched.alarms);
            alarms.retain(|Reverse((_, alarm))| self.is_live(*alarm));
            self.sched.alarms_max = alarms.len() * 2;
            self.sched.alarms = alarms;
        }
        self.sched.alarms.push(Reverse((when, alarm)));
    }
    fn is_live(&self, alarm: Alarm) -> bool {
        match alarm {
            Alarm::Park(tid, serial) => self
                .world
                .task_of(tid)
                .is_some_and(|ix| matches!(&self.world.tasks[ix].state, State::Parked(p) if p.serial == serial)),
            Alarm::Real(pid, generation) => self.is_real_timer(pid, generation),
            Alarm::Posix(pid, id, generation) => self.is_posix_timer(pid, id, generation),
        }
    }
    /// Takes a task out of all it is parked under; true when it was parked.
    pub(crate) fn unpark(&mut self, ix: u32) -> bool {
        let task = &mut self.world.tasks[ix];
        let State::Parked(parked) = core::mem::replace(&mut task.state, State::Ready) else {
            return false;
        };
        let tid = task.tid;
        for on in &parked.wait.on {
            if let Some(point) = on.point() {
                point.remove_waiter();
            }
            let Some(name) = name_of(on) else { continue };
            if let Some(tids) = self.sched.parked.get_mut(&name) {
                tids.retain(|&t| t != tid);
                if tids.is_empty() {
                    self.sched.parked.remove(&name);
                }
            }
        }
        true
    }
    /// Makes a parked task ready; it will make its call again.
    pub(crate) fn wake(&mut self, ix: u32) {
        if self.unpark(ix) {
            self.enqueue(ix);
        }
    }
    /// Wakes everyone parked under a name.
    pub(crate) fn wake_all(&mut self, name: Name) {
        let Some(tids) = self.sched.parked.get(&name).cloned() else { return };
        for tid in tids {
            if let Some(ix) = self.world.task_of(tid) {
                self.wake(ix);
            }
        }
    }
    /// Wakes those whose objects rang the bell.
    pub(crate) fn answer_bell(&mut self) {
        // A ring may reach an epoll instance, which rings in its turn.
        while self.bell.is_rung() {
            let mut rung = core::mem::take(&mut self.sched.rung);
            self.bell.drain(&mut rung);
            for key in rung.drain(..) {
                self.epolls.ring(key);
                self.wake_all(Name::Point(key));
            }
            self.sched.rung = rung;
        }
    }
    /// Handles the deadlines that have passed.
    pub(crate) fn expire_alarms(&mut self) {
        if self.sched.alarms.is_empty() {
            return;
        }
        let now = self.host.monotonic();
        while let Some(&Reverse((when, alarm))) = self.sched.alarms.peek() {
            if when > now {
                break;
            }
            self.sched.alarms.pop();
            match alarm {
                Alarm::Park(tid, serial) => {
                    let Some(ix) = self.world.task_of(tid) else { continue };
                    if matches!(&self.world.tasks[ix].state, State::Parked(p) if p.serial == serial) {
                        self.wake(ix);
                    }
                }
                Alarm::Real(pid, generation) => self.expire_real_timer(pid, generation, now),
                Alarm::Posix(pid, id, generation) => self.expire_posix_timer(pid, id, generation, now),
            }
        }
    }
    /// The earliest deadline somebody still waits for.
    pub(crate) fn next_deadline(&mut self) -> Option<Nanos> {
        while let Some(&Reverse((when, alarm))) = self.sched.alarms.peek() {
            if self.is_live(alarm) {
                return Some(when);
            }
            self.sched.alarms.pop();
        }
        None
    }
    /// What the host should watch while nothing can run.
    pub(crate) fn interest(&self) -> Interest {
        let mut interest = Interest { files: self.sched.parked.contains_key(&Name::Host), ..Interest::default() };
        for (_, task) in self.world.tasks.iter() {
            let State::Parked(parked) = &task.state else { continue };
            for on in &parked.wait.on {
                if let WaitOn::File(file) = on {
                    let more = file.interest();
                    interest.stdin |= more.stdin;
                    interest.output |= more.output;
                    interest.files |= more.files;
                }
            }
        }
        interest
    }
}
