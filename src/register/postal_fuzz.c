/* postal_fuzz.c - any bytes as a file of postal codes: rows with a code, a prefecture and a municipality, or a refusal with its line. */
#include "base/house.h"

#include "base/fail.h"
#include "base/utf8.h"
#include "register/postal_file.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cx cx = { .mem = arena_open(MB(128)) };
        int fd = memfd_create("postal", MFD_CLOEXEC);
        struct postal_file *file;
        struct postal_row row;
        bool end = false;
        int64_t line = 0;

        must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        if (postal_file_open(&cx, fd, &file) == RC_OK)
                while (postal_file_next(&cx, file, cx.mem, &row, &end) == RC_OK && !end) {
                        must(row.line > line && row.code.n == 7 && row.place.n == 5 && row.prefecture.n > 0 && row.city.n > 0);
                        must(utf8_valid(row.town) && utf8_valid(row.town_kana) && utf8_valid(row.city_kana));
                        line = row.line;
                }
        (void)close(fd);
        arena_close(cx.mem);
        return 0;
}
