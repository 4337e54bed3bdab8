/*
 * seeds_main.c - stands in for libFuzzer: runs a fuzz target over each file of the directories and
 * files given.
 */
#include "tests/fuzz/fuzz.h"
#include <dirent.h>
#include <string.h>

#define SEED_MAX (1 << 20)

static bool file_run(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(SEED_MAX);
    bool ok = file && data;
    if (ok) {
        size_t n = fread(data, 1, SEED_MAX, file);
        /* A copy of just that size, so that a sanitizer sees a read past its end. */
        uint8_t *exact = malloc(n ? n : 1);
        ok = exact != NULL;
        if (ok) {
            memcpy(exact, data, n);
            LLVMFuzzerTestOneInput(exact, n);
        }
        free(exact);
    }
    if (file)
        fclose(file);
    free(data);
    if (!ok)
        fprintf(stderr, "cannot read %s\n", path);
    return ok;
}

/* How many files were run; -1 when one could not be read. */
static int directory_run(const char *path)
{
    DIR *directory = opendir(path);
    if (!directory)
        return file_run(path) ? 1 : -1;
    int n = 0;
    for (struct dirent *entry; n >= 0 && (entry = readdir(directory));) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        int len = snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        n = len < (int)sizeof name && file_run(name) ? n + 1 : -1;
    }
    closedir(directory);
    return n;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int n = directory_run(argv[i]);
        if (n < 0)
            return 1;
        total += n;
    }
    printf("%d inputs\n", total);
    return total > 0 ? 0 : 1; /* a corpus that cannot be found is no success */
}
