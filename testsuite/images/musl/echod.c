// A threaded TCP echo server: one thread a connection, lines answered in upper case, counted under a mutex.
//
//   echod PORT N    serve N connections on 127.0.0.1, then print what was served and end
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t quiet = PTHREAD_COND_INITIALIZER;
static long total_bytes, total_lines;
static int running;
static _Thread_local long own_lines;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void *serve(void *arg) {
    int fd = (int)(long)arg;
    char buffer[4096];
    ssize_t n;
    long bytes = 0;
    while ((n = read(fd, buffer, sizeof buffer)) > 0) {
        for (ssize_t i = 0; i < n; i++) {
            own_lines += buffer[i] == '\n';
            buffer[i] = toupper((unsigned char)buffer[i]);
        }
        for (ssize_t done = 0; done < n;) {
            ssize_t w = write(fd, buffer + done, n - done);
            if (w <= 0) break;
            done += w;
        }
        bytes += n;
    }
    close(fd);
    pthread_mutex_lock(&lock);
    total_bytes += bytes;
    total_lines += own_lines;
    if (--running == 0) pthread_cond_signal(&quiet);
    pthread_mutex_unlock(&lock);
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: echod PORT CONNECTIONS\n");
        return 2;
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (listener < 0) die("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) < 0) die("bind");
    if (listen(listener, 64) < 0) die("listen");
    puts("listening");
    fflush(stdout);
    int connections = atoi(argv[2]);
    for (int i = 0; i < connections; i++) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0) die("accept");
        pthread_mutex_lock(&lock);
        running++;
        pthread_mutex_unlock(&lock);
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, (void *)(long)fd)) die("pthread_create");
        pthread_detach(thread);
    }
    pthread_mutex_lock(&lock);
    while (running) pthread_cond_wait(&quiet, &lock);
    printf("%d connections, %ld lines, %ld bytes\n", connections, total_lines, total_bytes);
    pthread_mutex_unlock(&lock);
    return 0;
}
