/* Tests of csv.c: records of RFC 4180 and of real files, however the bytes fall into the window. */
#include "base/house.h"

#include "base/csv.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

static struct arena *mem;

static int file_of(str text)
{
        int fd = memfd_create("csv", MFD_CLOEXEC);

        assert_true(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
        return fd;
}

/* "line:cell|cell;…", faults as "line!fault;" */
static const char *told(str text)
{
        static char out[4096];
        int fd = file_of(text);
        struct csv *csv = csv_open(mem, fd, 0);
        struct csv_record *r = NEW(mem, struct csv_record);
        size_t n = 0;

        out[0] = '\0';
        while (csv_next(csv, r)) {
                n += (size_t)snprintf(out + n, sizeof(out) - n, "%d%s", (int)r->line, r->fault ? "!" : ":");
                if (r->fault != CSV_FINE)
                        n += (size_t)snprintf(out + n, sizeof(out) - n, "%d", (int)r->fault);
                for (size_t i = 0; i < r->count && r->fault == CSV_FINE; i++) {
                        char *to = arena_alloc(mem, r->cells[i].raw.n * CHARSET_GROWTH + 1);
                        str cell = S("?");

                        (void)!csv_text(&r->cells[i], CHARSET_UTF8, to, &cell);
                        n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%.*s", i ? "|" : "", STR_ARG(cell));
                }
                n += (size_t)snprintf(out + n, sizeof(out) - n, ";");
                assert_true(r->offset >= 0 && r->offset + (int64_t)r->size <= (int64_t)text.n);
        }
        assert_int_equal(csv_error(csv), 0);
        close(fd);
        return out;
}

static void records_are_read_as_rfc_4180_and_excel_write_them(void **state)
{
        static const struct {
                str file;
                const char *want;
        } table[] = {
                { S(""), "" },
                { S("a,b\r\n1,2\r\n"), "1:a|b;2:1|2;" },
                { S("a,b\n1,2"), "1:a|b;2:1|2;" },
                { S("a,b\r1,2\r"), "1:a|b;2:1|2;" },
                { S("a\nb\rc\r\nd"), "1:a;2:b;3:c;4:d;" },
                { S("\xef\xbb\xbf"
                    "a,b\n"),
                  "1:a|b;" },
                { S("\"a,1\",\"b\"\"2\"\n"), "1:a,1|b\"2;" },
                { S("\"a\r\nb\",c\nd,e\n"), "1:a\r\nb|c;3:d|e;" },
                { S("a\"b,c\n"), "1:a\"b|c;" },
                { S(",\n,\n"), "1:|;2:|;" },
                { S("a,\"\"\n"), "1:a|;" },
                { S("\n\na\n\n\nb\n"), "3:a;6:b;" },
                { S("a\n\x1a"), "1:a;" },
                { S("\"a\"x,b\nc,d\n"), "1!2;2:c|d;" },
                { S("a,b\n\"c,d\ne,f\n"), "1:a|b;2!1;3:e|f;" },
                { S("a,\"\"\"\n"), "1!1;" },
                { S("\"a\""), "1:a;" },
                { S("a,"), "1:a|;" },
                { S("\""), "1!1;" },
                { S("\r"), "" },
        };

        for (size_t i = 0; i < COUNT(table); i++)
                assert_string_equal(told(table[i].file), table[i].want);
}

static void more_columns_than_the_maximum_spoil_their_row_only(void **state)
{
        char *text = arena_alloc(mem, 1000);
        size_t n = 0;

        memcpy(text, "a\n", 2);
        for (n = 2; n < 302; n++)
                text[n] = ',';
        memcpy(text + n, "\nb\n", 3);
        assert_string_equal(told((str){ text, n + 3 }), "1:a;2!3;3:b;");
        text[2] = 'x'; /* 300 exactly */
        assert_null(strstr(told((str){ text, n + 3 }), "!"));
}

static void a_record_over_the_maximum_spoils_its_line_only(void **state)
{
        size_t n = CSV_RECORD_MAX + 100000;
        char *text = arena_alloc(mem, n + 16);

        memset(text, 'x', n);
        memcpy(text, "a\n", 2);
        memcpy(text + n, "\r\nb\r\n", 5);
        assert_string_equal(told((str){ text, n + 5 }), "1:a;2!4;3:b;");
        text[2] = '"';
        assert_string_equal(told((str){ text, n + 5 }), "1:a;2!1;3:b;");
}

static void windows_do_not_cut_records(void **state)
{
        size_t room = MB(2), n = 0, rows = 0;
        char *text = arena_alloc(mem, room);
        struct csv_record *r = NEW(mem, struct csv_record);
        struct csv *csv;
        int fd;

        srandom(7);
        while (n < room - 5000) {
                int k = (int)(random() % 40);

                n += (size_t)sprintf(text + n, "%zu,\"%.*s\"\"\r\n%.*s\",z%s", rows, k * 20,
                                     "................................................................................"
                                     "................................................................................",
                                     k, "----------------------------------------", rows % 3 ? "\r\n" : "\r");
                rows++;
        }
        fd = file_of((str){ text, n });
        csv = csv_open(mem, fd, 0);
        for (size_t i = 0; i < rows; i++) {
                int64_t number;

                assert_true(csv_next(csv, r));
                assert_int_equal(r->fault, CSV_FINE);
                assert_int_equal(r->count, 3);
                assert_true(str_int(r->cells[0].raw, &number) && number == (int64_t)i);
                assert_int_equal(r->line, 1 + 2 * i);
                assert_memory_equal(text + r->offset, r->cells[0].raw.p, r->cells[0].raw.n);
                assert_true(str_is(r->cells[2].raw, "z"));
        }
        assert_false(csv_next(csv, r));
        assert_int_equal(csv_offset(csv), n);
        csv_seek(csv, 0, 1);
        assert_true(csv_next(csv, r) && r->line == 1);
        assert_true(str_is(csv_line_end(csv), "\r"));
        close(fd);
}

static void cells_are_decoded_and_measured(void **state)
{
        char *out = arena_alloc(mem, 300000), *many = arena_alloc(mem, 60003);
        struct csv_cell cell = { .raw = S("\x8d\xb2\x93\xa1\"\""), .doubled = true };
        str text;

        assert_int_equal(csv_text(&cell, CHARSET_CP932, out, &text), CSV_FINE);
        assert_true(str_is(text, "佐藤\""));
        assert_int_equal(csv_text(&cell, CHARSET_UTF8, out, &text), CSV_BYTES);
        cell.doubled = false;
        assert_int_equal(csv_text(&cell, CHARSET_UTF8, out, &text), CSV_BYTES);
        for (size_t i = 0; i < 60003; i += 3)
                memcpy(many + i, "長", 3);
        cell.raw = (str){ many, 60000 };
        assert_int_equal(csv_text(&cell, CHARSET_UTF8, out, &text), CSV_FINE);
        cell.raw = (str){ many, 60003 };
        assert_int_equal(csv_text(&cell, CHARSET_UTF8, out, &text), CSV_LONG);
        assert_null(csv_fault_text(CSV_FINE));
        assert_non_null(csv_fault_text(CSV_LONG));
}

static void a_failing_read_ends_the_file_and_is_told(void **state)
{
        struct csv_record *r = NEW(mem, struct csv_record);
        struct csv *csv = csv_open(mem, -1, 0);

        assert_false(csv_next(csv, r));
        assert_int_not_equal(csv_error(csv), 0);
        assert_true(str_is(csv_line_end(csv), "\r\n"));
}

static int open_arena(void **state)
{
        mem = arena_open(MB(64));
        return 0;
}

static int close_arena(void **state)
{
        arena_close(mem);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(records_are_read_as_rfc_4180_and_excel_write_them),
                cmocka_unit_test(more_columns_than_the_maximum_spoil_their_row_only),
                cmocka_unit_test(a_record_over_the_maximum_spoils_its_line_only),
                cmocka_unit_test(windows_do_not_cut_records),
                cmocka_unit_test(cells_are_decoded_and_measured),
                cmocka_unit_test(a_failing_read_ends_the_file_and_is_told),
        };

        return cmocka_run_group_tests(tests, open_arena, close_arena);
}
