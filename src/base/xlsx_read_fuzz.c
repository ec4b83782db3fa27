/* xlsx_read_fuzz.c - any bytes as parts of a workbook, and as the workbook itself, become CSV or a refusal. Parts stand behind each other, divided by a byte 0: the
 * sheet, the texts, the styles, the workbook. */
#include "base/house.h"

#include "base/fail.h"
#include "base/xlsx_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zip.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char package[] = "<Relationships><Relationship Id=\"r\" Type=\"x/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>";
static const char relations[] =
    "<Relationships><Relationship Id=\"s\" Type=\"x/worksheet\" Target=\"sheet.xml\"/><Relationship Id=\"t\" Type=\"x/sharedStrings\" "
    "Target=\"/xl/texts.xml\"/><Relationship Id=\"y\" Type=\"x/styles\" Target=\"styles.xml\"/></Relationships>";
static const char workbook[] = "<workbook><sheets><sheet name=\"a\" r:id=\"s\"/></sheets></workbook>";

static void part(zip_t *zip, const char *name, const void *bytes, size_t n)
{
        zip_source_t *source = zip_source_buffer(zip, bytes, n, 0);
        zip_int64_t index = zip_file_add(zip, name, source, ZIP_FL_OVERWRITE);

        must(index >= 0 && zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0);
}

static void read_it(int fd)
{
        struct cx cx = { .mem = arena_open(MB(16)), .lang = LANG_EN };
        int out = memfd_create("csv", MFD_CLOEXEC);
        str sheet = STR_NONE;

        must(out >= 0);
        if (xlsx_read_csv(&cx, fd, out, "/dev/shm", NULL, &sheet) != RC_OK)
                must(cx.failure.count > 0);
        (void)close(out);
        arena_close(cx.mem);
}

static int file_of(const void *bytes, size_t n)
{
        int fd = memfd_create("xlsx", MFD_CLOEXEC);

        must(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
        return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = { "xl/sheet.xml", "xl/texts.xml", "xl/styles.xml", "xl/workbook.xml" };
        zip_error_t error;
        zip_source_t *made = zip_source_buffer_create(NULL, 0, 0, &error);
        zip_t *zip = made ? zip_open_from_source(made, ZIP_TRUNCATE, &error) : NULL;
        const uint8_t *at = data, *end = data + size;
        zip_stat_t st;
        char *bytes;
        int fd;

        fd = file_of(data, size);
        read_it(fd);
        (void)close(fd);
        must(zip != NULL);
        zip_source_keep(made);
        part(zip, "_rels/.rels", package, sizeof(package) - 1);
        part(zip, "xl/_rels/workbook.xml.rels", relations, sizeof(relations) - 1);
        part(zip, "xl/workbook.xml", workbook, sizeof(workbook) - 1);
        for (size_t i = 0; i < COUNT(names) && at < end; i++) {
                const uint8_t *next = memchr(at, 0, (size_t)(end - at));
                size_t n = (size_t)((next ? next : end) - at);

                if (n > 0)
                        part(zip, names[i], at, n);
                at = next ? next + 1 : end;
        }
        must(zip_close(zip) == 0 && zip_source_open(made) == 0 && zip_source_stat(made, &st) == 0);
        bytes = malloc(st.size);
        must(bytes != NULL && zip_source_read(made, bytes, st.size) == (zip_int64_t)st.size);
        zip_source_free(made);
        fd = file_of(bytes, st.size);
        free(bytes);
        read_it(fd);
        (void)close(fd);
        return 0;
}
