//! System V and POSIX IPC: shmget(2), semget(2), msgget(2), mq_overview(7).

use super::record::{c_check, c_consts, c_struct};

c_consts! {
    /// Keys, flags and commands of all three kinds.
    COMMON: u32 {
        IPC_PRIVATE = 0, IPC_CREAT = 0o1000, IPC_EXCL = 0o2000, IPC_NOWAIT = 0o4000, IPC_RMID = 0, IPC_SET = 1,
        IPC_STAT = 2, IPC_INFO = 3,
    }
}
c_consts! {
    /// shmat(2), shmctl(2).
    SHM: u32 {
        SHM_RDONLY = 0o10000, SHM_RND = 0o20000, SHM_REMAP = 0o40000, SHM_EXEC = 0o100000, SHM_LOCK = 11,
        SHM_UNLOCK = 12, SHM_STAT = 13, SHM_INFO = 14, SHM_STAT_ANY = 15, SHM_DEST = 0o1000, SHM_LOCKED = 0o2000,
        SHM_HUGETLB = 0o4000, SHM_NORESERVE = 0o10000,
    }
}
c_consts! {
    /// semop(2), semctl(2).
    SEM: u32 {
        SEM_UNDO = 0x1000, GETPID = 11, GETVAL = 12, GETALL = 13, GETNCNT = 14, GETZCNT = 15, SETVAL = 16,
        SETALL = 17, SEM_STAT = 18, SEM_INFO = 19, SEM_STAT_ANY = 20,
    }
}
c_consts! {
    /// msgop(2), msgctl(2).
    MSG: u32 {
        MSG_NOERROR = 0o10000, MSG_EXCEPT = 0o20000, MSG_COPY = 0o40000, MSG_STAT = 11, MSG_INFO = 12,
        MSG_STAT_ANY = 13,
    }
}
c_struct! {
    /// `struct ipc_perm` of the kernel (`ipc64_perm`).
    IpcPerm: 48, "struct ipc_perm" {
        __key: u32, uid: u32, gid: u32, cuid: u32, cgid: u32, mode: u32, __seq: u16, _pad2: u16,
        _pad3: u32, _pad4: [u64; 2],
    }
}
c_struct! {
    /// `struct shmid_ds`.
    ShmidDs: 112, "struct shmid_ds" {
        shm_perm: IpcPerm, shm_segsz: u64, shm_atime: i64, shm_dtime: i64, shm_ctime: i64, shm_cpid: u32,
        shm_lpid: u32, shm_nattch: u64, _pad_unused: [u64; 2],
    }
}
c_struct! {
    /// `struct shminfo`, IPC_INFO.
    ShmInfoLimits: 72, "struct shminfo" {
        shmmax: u64, shmmin: u64, shmmni: u64, shmseg: u64, shmall: u64, _pad_unused: [u64; 4],
    }
}
c_struct! {
    /// `struct shm_info`, SHM_INFO.
    ShmUsage: 48, "struct shm_info" {
        used_ids: i32, shm_tot: u64, shm_rss: u64, shm_swp: u64, swap_attempts: u64, swap_successes: u64,
    }
}
c_struct! {
    /// `struct semid_ds`.
    SemidDs: 104, "struct semid_ds" {
        sem_perm: IpcPerm, sem_otime: i64, _pad1: u64, sem_ctime: i64, _pad2: u64, sem_nsems: u64,
        _pad_unused: [u64; 2],
    }
}
c_struct! {
    /// `struct seminfo`, IPC_INFO and SEM_INFO.
    SemInfo: 40, "struct seminfo" {
        semmap: i32, semmni: i32, semmns: i32, semmnu: i32, semmsl: i32, semopm: i32, semume: i32, semusz: i32,
        semvmx: i32, semaem: i32,
    }
}
c_struct! {
    /// `struct sembuf`.
    SemBuf: 6, "struct sembuf" { sem_num: u16, sem_op: i16, sem_flg: i16, }
}
c_struct! {
    /// `struct msqid_ds`.
    MsqidDs: 120, "struct msqid_ds" {
        msg_perm: IpcPerm, msg_stime: i64, msg_rtime: i64, msg_ctime: i64, __msg_cbytes: u64, msg_qnum: u64,
        msg_qbytes: u64, msg_lspid: u32, msg_lrpid: u32, _pad_unused: [u64; 2],
    }
}
c_struct! {
    /// `struct msginfo`, IPC_INFO and MSG_INFO.
    MsgInfo: 32, "struct msginfo" {
        msgpool: i32, msgmap: i32, msgmax: i32, msgmnb: i32, msgmni: i32, msgssz: i32, msgtql: i32, msgseg: u16,
    }
}
c_struct! {
    /// `struct mq_attr`.
    MqAttr: 64, "struct mq_attr" {
        mq_flags: i64, mq_maxmsg: i64, mq_msgsize: i64, mq_curmsgs: i64, _pad_unused: [i64; 4],
    }
}

c_check! { "sys/ipc.h sys/shm.h sys/sem.h sys/msg.h mqueue.h", consts [COMMON, SHM, SEM, MSG], flags [],
    structs [IpcPerm, ShmidDs, ShmInfoLimits, ShmUsage, SemidDs, SemInfo, SemBuf, MsqidDs, MsgInfo, MqAttr] }
