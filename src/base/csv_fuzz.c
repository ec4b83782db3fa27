/* csv_fuzz.c - any bytes are read to their end as records, each inside the file, lines and offsets only going forward. */
#include "base/house.h"

#include "base/csv.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct arena *mem = arena_open(MB(64));
        struct csv_record *r = NEW(mem, struct csv_record);
        int fd = memfd_create("csv", MFD_CLOEXEC);
        int64_t offset = -1, line = 0;
        struct csv *csv;

        must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
        csv = csv_open(mem, fd, 0);
        while (csv_next(csv, r)) {
                must(r->offset > offset && r->line > line && r->offset + (int64_t)r->size <= (int64_t)size);
                must(r->fault != CSV_FINE || (r->count > 0 && r->count <= CSV_COLUMNS_MAX));
                offset = r->offset;
                line = r->line;
                for (size_t i = 0; i < r->count && r->fault == CSV_FINE; i++) {
                        char *out = arena_alloc(mem, r->cells[i].raw.n * CHARSET_GROWTH);
                        str text;

                        (void)!csv_text(&r->cells[i], (enum charset)(i % CHARSETS), out, &text);
                }
        }
        must(csv_error(csv) == 0);
        (void)close(fd);
        arena_close(mem);
        return 0;
}
