// System V shared memory, semaphores and messages; POSIX shared memory, semaphores and message queues.
#include "check.h"
#include <mqueue.h>
#include <semaphore.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

struct letter {
    long type;
    char text[20];
};

int main(void) {
    int id = shmget(IPC_PRIVATE, 10000, IPC_CREAT | 0600);
    CHECK(id >= 0);
    char *m = shmat(id, NULL, 0), *again = shmat(id, NULL, SHM_RDONLY);
    CHECK(m != (void *)-1 && again != (void *)-1 && m != again);
    strcpy(m, "shared");
    CHECK(!strcmp(again, "shared"));
    struct shmid_ds ds;
    CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 10000 && ds.shm_nattch == 2);
    CHECK(ds.shm_cpid == getpid());
    REAP_OK(CHILD({ CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_nattch == 4); strcpy(m, "child"); }));
    CHECK(!strcmp(again, "child") && shmdt(again) == 0 && shmctl(id, IPC_RMID, NULL) == 0);
    CHECK(!strcmp(m, "child") && shmdt(m) == 0);
    FAILS(shmat(id, NULL, 0), EINVAL);
    FAILS(shmdt(m), EINVAL);
    key_t key = 0x12345;
    id = shmget(key, 4096, IPC_CREAT | IPC_EXCL | 0600);
    CHECK(id >= 0 && shmget(key, 0, 0) == id);
    FAILS(shmget(key, 4096, IPC_CREAT | IPC_EXCL), EEXIST);
    FAILS(shmget(key, 9000, 0), EINVAL);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    FAILS(shmget(key, 0, 0), ENOENT);
    ok("System V shared memory");

    id = semget(IPC_PRIVATE, 2, IPC_CREAT | 0600);
    CHECK(id >= 0 && semctl(id, 0, SETVAL, 1) == 0 && semctl(id, 0, GETVAL) == 1);
    struct sembuf take = {0, -1, 0}, give = {0, 1, 0}, poll = {0, -1, IPC_NOWAIT}, undo = {0, 1, SEM_UNDO}, zero = {1, 0, 0};
    CHECK(semop(id, &take, 1) == 0);
    FAILS(semop(id, &poll, 1), EAGAIN);
    pid_t pid = CHILD({ sleep_ms(40); CHECK(semop(id, &give, 1) == 0); });
    CHECK(semop(id, &take, 1) == 0 && semctl(id, 0, GETPID) == getpid());
    REAP_OK(pid);
    REAP_OK(CHILD(CHECK(semop(id, &undo, 1) == 0)));
    CHECK(semctl(id, 0, GETVAL) == 0 && semop(id, &zero, 1) == 0);
    struct sembuf both[2] = {{0, 2, 0}, {1, -1, IPC_NOWAIT}};
    FAILS(semop(id, both, 2), EAGAIN);
    CHECK(semctl(id, 0, GETVAL) == 0);
    struct timespec t = {0, 20000000};
    FAILS(semtimedop(id, &take, 1, &t), EAGAIN);
    pid = CHILD(FAILS(semop(id, &take, 1), EIDRM));
    sleep_ms(60);
    CHECK(semctl(id, 0, IPC_RMID) == 0);
    REAP_OK(pid);
    ok("System V semaphores");

    id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    struct letter a = {2, "two"}, b = {1, "one"}, got;
    CHECK(id >= 0 && msgsnd(id, &a, 4, 0) == 0 && msgsnd(id, &b, 4, 0) == 0);
    CHECK(msgrcv(id, &got, 20, 1, 0) == 4 && !strcmp(got.text, "one"));
    CHECK(msgrcv(id, &got, 20, 0, 0) == 4 && got.type == 2);
    FAILS(msgrcv(id, &got, 20, 0, IPC_NOWAIT), ENOMSG);
    CHECK(msgsnd(id, &a, 4, 0) == 0);
    FAILS(msgrcv(id, &got, 2, 0, 0), E2BIG);
    CHECK(msgrcv(id, &got, 2, 0, MSG_NOERROR) == 2);
    pid = CHILD({ sleep_ms(40); CHECK(msgsnd(id, &b, 4, 0) == 0); });
    CHECK(msgrcv(id, &got, 20, -5, 0) == 4 && got.type == 1);
    REAP_OK(pid);
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
    FAILS(msgsnd(id, &a, 4, 0), EINVAL);
    ok("System V messages");

    int fd = shm_open("/x", O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
    sem_t *sem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(sem != MAP_FAILED && sem_init(sem, 1, 0) == 0);
    pid = CHILD({ sleep_ms(30); sem_post(sem); });
    CHECK(sem_wait(sem) == 0);
    REAP_OK(pid);
    FAILS(sem_trywait(sem), EAGAIN);
    CHECK(shm_unlink("/x") == 0);
    FAILS(shm_open("/x", O_RDWR, 0), ENOENT);
    sem_t *named = sem_open("/s", O_CREAT, 0600, 1);
    CHECK(named != SEM_FAILED && sem_wait(named) == 0 && sem_unlink("/s") == 0);
    ok("POSIX shared memory and semaphores");

    struct mq_attr attr = {.mq_maxmsg = 3, .mq_msgsize = 50};
    mqd_t q = mq_open("/q", O_CREAT | O_RDWR, 0600, &attr);
    CHECK(q >= 0 && mq_send(q, "low", 4, 1) == 0 && mq_send(q, "high", 5, 9) == 0);
    char text[50];
    unsigned prio;
    CHECK(mq_receive(q, text, 50, &prio) == 5 && prio == 9 && mq_getattr(q, &attr) == 0);
    CHECK(attr.mq_curmsgs == 1);
    FAILS(mq_receive(q, text, 10, &prio), EMSGSIZE);
    CHECK(mq_receive(q, text, 50, NULL) == 4);
    struct timespec past = {1, 0};
    FAILS(mq_timedreceive(q, text, 50, NULL, &past), ETIMEDOUT);
    pid = CHILD({ sleep_ms(30); CHECK(mq_send(q, "late", 5, 0) == 0); });
    CHECK(mq_receive(q, text, 50, NULL) == 5);
    REAP_OK(pid);
    CHECK(mq_close(q) == 0 && mq_unlink("/q") == 0);
    ok("POSIX message queues");
    return 0;
}
