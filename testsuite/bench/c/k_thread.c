/* Two threads hand a turn to and fro; then threads are made and joined. */
#include "row.h"
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static long turns, turn;
static uint64_t sum;
static void *player(void *which) {
    for (long r = 0; r < turns; r++) {
        pthread_mutex_lock(&lock);
        while (turn % 2 != (long)which) pthread_cond_wait(&changed, &lock);
        sum = fold(sum, turn++);
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&lock);
    }
    return which;
}
static void *nothing(void *argument) { return argument; }
int main(int argc, char **argv) {
    pthread_t threads[2];
    turns = rounds(argc, argv, 40000);
    for (long i = 0; i < 2; i++) check(pthread_create(&threads[i], NULL, player, (void *)i) == 0, "pthread_create");
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (long r = 0; r < turns / 10; r++) {
        void *result;
        check(pthread_create(&threads[0], NULL, nothing, (void *)r) == 0, "pthread_create");
        pthread_join(threads[0], &result);
        sum = fold(sum, (uint64_t)result);
    }
    return done("k_thread", sum);
}
