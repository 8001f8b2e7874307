/* Create, write a page, seek, read, close, stat, unlink. */
#include "row.h"
#include <fcntl.h>
#include <sys/stat.h>
int main(int argc, char **argv) {
    const char *where = getenv("BENCH_DIR");
    char path[300], page[4096] = {0}, back[4096];
    uint64_t sum = 0;
    for (long r = rounds(argc, argv, 9000); r > 0; r--) {
        struct stat st;
        snprintf(path, sizeof path, "%s/row%ld.%d", where ? where : "/tmp", r % 50, (int)getpid());
        int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
        check(fd >= 0, path);
        page[9] = r;
        check(write(fd, page, sizeof page) == sizeof page, "write");
        check(lseek(fd, 0, SEEK_SET) == 0 && read(fd, back, sizeof back) == sizeof back, "read");
        check(close(fd) == 0 && stat(path, &st) == 0 && unlink(path) == 0, path);
        sum = fold(sum, st.st_size + (uint8_t)back[9]);
    }
    return done("k_file", sum);
}
