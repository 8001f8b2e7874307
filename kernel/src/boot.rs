//! From nothing to the container's first process.

use crate::machine::{BootConfig, BootError, Kernel};
use crate::mm::{Arena, Space};
use crate::signal::{ProcessSignals, TaskSignals};
use crate::task::{
    Creds, ExecRequest, FaultInfo, FdTable, FsContext, JobState, Process, Slot, State, Task, Usage, default_limits,
};
use crate::timers::Timers;
use crate::wait::Restart;
use crate::world::PidEntry;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use brainworm_abi::image::Image;
use brainworm_abi::{Errno, FileKind, GuestAddr, Host, OpenFlags, WaitPoint};
use brainworm_cpu::Cpu;
use brainworm_cpu::cpuid::Level;
use brainworm_fs::At;
use brainworm_loader::start::{self, Start, StartError};
use spin::Mutex;

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl BootError {
    fn new(code: u8, message: String) -> BootError {
        BootError { message, code }
    }
}

impl Kernel {
    /// A machine whose first process is about to run. Errors are docker's: 126 not executable, 127 not found, else 125.
    pub fn boot(host: Box<dyn Host>, arena: Arena, config: BootConfig) -> Result<Kernel, BootError> {
        let image_len = arena.image_bytes();
        let mut kernel = Kernel::bare(host, arena, config)
            .ok_or_else(|| BootError::new(125, "not enough memory for a machine".into()))?;
        let start = kernel.start_config(image_len)?;
        kernel.world.hostname = start.hostname.clone();
        kernel.make_init();
        let ix = kernel.world.task_of(1).unwrap_or_default();
        let mut env = start.env.clone();
        kernel.take_identity(ix, &start, &mut env)?;
        kernel.enter_directory(ix, &start)?;
        kernel.open_streams(ix)?;
        let path = kernel.find_command(ix, &start, &env)?;
        let (_, cwd) = kernel.directories(ix);
        let shown = path.clone();
        let request = ExecRequest {
            base: cwd,
            shown_path: path.clone(),
            path,
            allow_empty: false,
            follow: true,
            argv: start.argv.clone(),
            envp: env,
        };
        kernel.exec(ix, request).map_err(|errno| {
            let code = if errno == Errno::ENOENT { 127 } else { 126 };
            BootError::new(code, format!("{}: {}", lossy(&start.argv[0]), errno.text()))
        })?;
        kernel.settle(ix);
        if kernel.is_traced() {
            kernel.trace_start(ix, &shown, start.argv.len());
        }
        kernel.enqueue(ix);
        Ok(kernel)
    }

    fn start_config(&mut self, image_len: u64) -> Result<Start, BootError> {
        use brainworm_abi::FrameStore;
        let bytes = self.frames.image(0, image_len as usize).unwrap_or(&[]);
        let container = match bytes {
            [] => Default::default(),
            bytes => Image::open(bytes)
                .and_then(|image| image.config())
                .map_err(|e| BootError::new(125, format!("the image cannot be read: {e}")))?,
        };
        if let (None, Some(level)) = (self.config.cpu, container.cpu) {
            self.world.facts.cpu = Level::of_index(level.into());
        }
        start::resolve(&container, &self.config.wishes).map_err(|e| match e {
            StartError::NoCommand => BootError::new(125, "no command: the image names none and none was given".into()),
            StartError::NoUser(user) => BootError::new(125, format!("no user {} in the image", lossy(&user))),
            StartError::NoGroup(group) => BootError::new(125, format!("no group {} in the image", lossy(&group))),
        })
    }

    /// Process 1 with nothing in it yet.
    fn make_init(&mut self) {
        let id = self.new_id();
        let files_id = self.new_id();
        self.next_tag += 1;
        let space = self.world.spaces.insert(Space::new(id, self.next_tag));
        self.mono = self.host.monotonic();
        self.boot_time = self.mono;
        let process = Process {
            pid: 1,
            parent: 0,
            pgid: 1,
            sid: 1,
            tasks: Vec::new(),
            children: Vec::new(),
            signals: ProcessSignals::default(),
            limits: default_limits(),
            exit_status: None,
            group_exit: None,
            exit_signal: None,
            job: JobState::default(),
            dead_threads: Usage::default(),
            dead_children: Usage::default(),
            is_subreaper: false,
            has_execed: false,
            dumpable: 1,
            personality: 0,
            start: self.mono,
            comm: Vec::new(),
            uid: 0,
            io_counts: [0; 4],
            timers: Timers::default(),
            oom_score_adj: 0,
            exit_point: Arc::new(WaitPoint::new(&self.bell)),
        };
        let process = self.world.procs.insert(process);
        let fs = FsContext { cwd: self.root.clone(), root: self.root.clone(), umask: 0o022 };
        let task = Task {
            tid: 1,
            process,
            cpu: Box::new(Cpu::new()),
            space: Some(space),
            files: Arc::new(Mutex::new(FdTable::new(files_id))),
            fs: Arc::new(Mutex::new(fs)),
            actions: Arc::default(),
            creds: Arc::new(Creds::user(0, 0, &[])),
            signals: TaskSignals::default(),
            state: State::Ready,
            interrupted: None,
            call: None,
            restart: Restart::default(),
            comm: b"init".to_vec(),
            clear_tid: GuestAddr::NULL,
            robust_list: GuestAddr::NULL,
            death_signal: None,
            vfork_parent: None,
            cpu_time: 0,
            system_time: 0,
            switches: (0, 0),
            start: self.mono,
            nice: 0,
            timer_slack: 50_000,
            no_new_privs: false,
            keeps_caps: false,
            fault: FaultInfo::default(),
            yields: false,
            is_queued: false,
        };
        let ix = self.world.tasks.insert(task);
        self.world.procs[process].tasks.push(ix);
        self.world.pids.insert(1, PidEntry { task: Some(ix), process: Some(process) });
        self.world.last_pid = 1;
        self.world.current = (1, 1);
    }

    fn take_identity(&mut self, ix: u32, start: &Start, env: &mut Vec<Vec<u8>>) -> Result<(), BootError> {
        let passwd = self.read_file(ix, b"/etc/passwd");
        let group = self.read_file(ix, b"/etc/group");
        let identity = start::identity(&start.user, &passwd, &group).map_err(|e| match e {
            StartError::NoUser(name) => BootError::new(125, format!("no user {} in the image", lossy(&name))),
            StartError::NoGroup(name) => BootError::new(125, format!("no group {} in the image", lossy(&name))),
            StartError::NoCommand => BootError::new(125, "no command".into()),
        })?;
        if !env.iter().any(|v| v.starts_with(b"HOME=")) {
            env.push([b"HOME=", &identity.home[..]].concat());
        }
        self.world.tasks[ix].creds = Arc::new(Creds::user(identity.uid, identity.gid, &identity.groups));
        Ok(())
    }

    /// The working directory, made if it is not there (as docker does).
    fn enter_directory(&mut self, ix: u32, start: &Start) -> Result<(), BootError> {
        let (vfs, root) = (self.vfs.clone(), self.root.clone());
        let fail =
            |e: Errno| BootError::new(125, format!("working directory {}: {}", lossy(&start.working_dir), e.text()));
        let mut io = self.kernel_io();
        let place = match vfs.walk(&mut io, At::new(&root, &root), &start.working_dir, true) {
            Err(Errno::ENOENT) => vfs.make_dirs(&mut io, &root, &start.working_dir),
            other => other,
        };
        let place = place.map_err(fail)?;
        if place.kind() != brainworm_abi::FileKind::Directory {
            return Err(fail(Errno::ENOTDIR));
        }
        self.world.tasks[ix].fs.lock().cwd = place;
        Ok(())
    }

    fn open_streams(&mut self, ix: u32) -> Result<(), BootError> {
        let vfs = self.vfs.clone();
        let root = self.root.clone();
        let streams = vfs
            .stdio(&mut self.io(ix), &root)
            .map_err(|e| BootError::new(125, format!("standard streams: {}", e.text())))?;
        let task_files = self.world.tasks[ix].files.clone();
        for (fd, opened) in streams.into_iter().enumerate() {
            let flags = match (opened.path.kind(), fd) {
                (FileKind::CharDevice, _) => OpenFlags::O_RDWR,
                (_, 0) => OpenFlags::empty(),
                _ => OpenFlags::O_WRONLY,
            };
            let desc = self.descriptions.make(opened.file, flags, Some(opened.path));
            task_files.lock().set(fd as i32, Slot { desc, cloexec: false });
        }
        self.carry_out_effects();
        Ok(())
    }

    /// Looks the program up in PATH as docker does when its name has no slash.
    fn find_command(&mut self, ix: u32, start: &Start, env: &[Vec<u8>]) -> Result<Vec<u8>, BootError> {
        let name = start.argv[0].clone();
        if name.contains(&b'/') {
            return Ok(name);
        }
        let path = env.iter().find_map(|v| v.strip_prefix(b"PATH=")).unwrap_or(b"").to_vec();
        let (root, cwd) = self.directories(ix);
        let vfs = self.vfs.clone();
        let mut error = (127, "executable file not found in $PATH");
        for dir in path.split(|&b| b == b':') {
            let candidate = if dir.is_empty() { name.clone() } else { [dir, b"/", &name].concat() };
            match vfs.open_exec(&mut self.io(ix), At::new(&root, &cwd), &candidate, true) {
                Ok(opened) => {
                    opened.file.close(&mut self.io(ix));
                    return Ok(candidate);
                }
                Err(Errno::EACCES) => error = (126, Errno::EACCES.text()),
                Err(_) => {}
            }
        }
        Err(BootError::new(error.0, format!("{}: {}", lossy(&name), error.1)))
    }

    /// A whole small file of the image; empty when it cannot be read.
    fn read_file(&mut self, ix: u32, path: &[u8]) -> Vec<u8> {
        let (vfs, root) = (self.vfs.clone(), self.root.clone());
        let mut io = self.io(ix);
        let Ok(opened) = vfs.open(&mut io, At::new(&root, &root), path, OpenFlags::empty(), 0) else {
            return Vec::new();
        };
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = opened.file.read(&mut io, bytes.len() as u64, &mut chunk) {
            bytes.extend_from_slice(&chunk[..n]);
        }
        opened.file.close(&mut io);
        bytes
    }
}
