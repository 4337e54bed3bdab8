/* Preloaded by test_program.py: late.example is found when somebody opens the FIFO $LATE_NAMES to
 * write, and whoever reads $LATE_REACHED learns that last.example is asked for. */
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef int find(const char *name, const char *service, const struct addrinfo *hints,
                 struct addrinfo **list);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    find *real;
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (name && strcmp(name, "late.example") == 0)
        close(open(getenv("LATE_NAMES"), O_RDONLY));
    else if (name && strcmp(name, "last.example") == 0)
        close(open(getenv("LATE_REACHED"), O_WRONLY));
    return real("127.0.0.1", service, hints, list);
}
