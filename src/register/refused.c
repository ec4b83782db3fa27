/* refused.c - see refused.h. What was refused is kept in two files without a name, as a million refused rows must not fill the memory. */
#include "base/house.h"

#include "register/refused.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/file.h"
#include "base/utf8.h"
#include "db/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FIRST_MAX = 20, VALUE_MAX = 60, KINDS_MAX = 200, MARKS_START = 1024, SENTENCE_MAX = 4096, PIECE = 1 << 16 };

struct entry {
        int64_t line, offset;
        uint32_t size, count;
        struct refused_problem problems[REFUSED_PROBLEMS_MAX];
};

struct first {
        int64_t line;
        struct refused_problem problem;
        str value;
};

struct kind {
        struct refused_problem problem;
        int64_t count;
};

struct mark {
        int64_t line, offset;
};

struct refused {
        struct cx *cx;
        const struct definition *def;
        size_t cells;
        FILE *early, *late; /* struct entry after struct entry, by line */
        bool late_begun;
        struct entry pending; /* the late row being put together */
        int64_t count;
        struct first first[FIRST_MAX];
        size_t first_count;
        struct kind kinds[KINDS_MAX];
        size_t kind_count;
        struct mark *marks;
        size_t mark_count, mark_room;
};

static const char *const headings[2][2] = { { "行", "理由" }, { "line", "reason" } };

bool refused_heading(str heading)
{
        for (size_t i = 0; i < 4; i++)
                if (str_is(heading, headings[i / 2][i % 2]))
                        return true;
        return false;
}

static void file_drop(void *p)
{
        (void)fclose(p);
}

static rc scratch(struct cx *cx, FILE **ret)
{
        int fd, own;
        FILE *file;

        TRY(file_scratch(cx, file_store(), &fd));
        own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        file = own >= 0 ? fdopen(own, "w+") : NULL;
        if (file == NULL)
                return file_failed(cx, file_store(), errno);
        arena_defer(cx->mem, file_drop, file);
        *ret = file;
        return RC_OK;
}

rc refused_open(struct cx *cx, const struct definition *def, size_t cells, struct refused **ret)
{
        struct refused *refused = NEW(cx->mem, struct refused);

        refused->cx = cx;
        refused->def = def;
        refused->cells = cells;
        refused->mark_room = MARKS_START;
        refused->marks = NEW_ARRAY(cx->mem, struct mark, MARKS_START);
        TRY(scratch(cx, &refused->early));
        TRY(scratch(cx, &refused->late));
        *ret = refused;
        return RC_OK;
}

int64_t refused_count(const struct refused *refused)
{
        return refused->count;
}

void refused_mark(struct refused *refused, int64_t line, int64_t offset)
{
        if (refused->mark_count == refused->mark_room) {
                refused->marks = arena_grow(refused->cx->mem, refused->marks, refused->mark_room * sizeof(struct mark),
                                            refused->mark_room * 2 * sizeof(struct mark));
                refused->mark_room *= 2;
        }
        refused->marks[refused->mark_count++] = (struct mark){ line, offset };
}

static void count_kind(struct refused *refused, const struct refused_problem *problem)
{
        size_t i = 0;

        while (i < refused->kind_count && (refused->kinds[i].problem.item != problem->item || refused->kinds[i].problem.reason != problem->reason))
                i++;
        if (i == KINDS_MAX)
                return;
        if (i == refused->kind_count)
                refused->kinds[refused->kind_count++].problem = *problem;
        refused->kinds[i].count++;
}

/* Into the first 20 by line: those read first, or late ones that stand before them. */
static void keep_first(struct refused *refused, int64_t line, const struct refused_problem *problem, str value)
{
        size_t at = refused->first_count;
        bool personal = problem->item >= 0 && refused->def->items[problem->item].personal;

        while (at > 0 && refused->first[at - 1].line > line)
                at--;
        if (at == FIRST_MAX)
                return;
        if (refused->first_count < FIRST_MAX)
                refused->first_count++;
        memmove(&refused->first[at + 1], &refused->first[at], (refused->first_count - at - 1) * sizeof(struct first));
        refused->first[at] = (struct first){ line, *problem, STR_NONE };
        if (!personal && !str_absent(value))
                refused->first[at].value = str_copy(refused->cx->mem, utf8_head(value, VALUE_MAX));
}

/* A full disk shows at the flush before the files are read again. */
static void put(FILE *file, const struct entry *entry)
{
        (void)!fwrite(entry, offsetof(struct entry, problems) + entry->count * sizeof(struct refused_problem), 1, file);
}

static bool take(FILE *file, struct entry *ret)
{
        return fread(ret, offsetof(struct entry, problems), 1, file) == 1 && ret->count <= REFUSED_PROBLEMS_MAX &&
               fread(ret->problems, sizeof(struct refused_problem), ret->count, file) == ret->count;
}

void refused_add(struct refused *refused, const struct csv_record *record, const struct refused_problem *problems, size_t count, str value)
{
        struct entry entry = { .line = record->line, .offset = record->offset, .size = (uint32_t)record->size, .count = (uint32_t)count };

        must(count > 0 && count <= REFUSED_PROBLEMS_MAX);
        memcpy(entry.problems, problems, count * sizeof(*problems));
        for (size_t i = 0; i < count; i++)
                count_kind(refused, &problems[i]);
        keep_first(refused, record->line, &problems[0], value);
        put(refused->early, &entry);
        refused->count++;
}

void refused_add_late(struct refused *refused, int64_t line, struct refused_problem problem)
{
        struct entry *pending = &refused->pending;

        count_kind(refused, &problem);
        if (refused->late_begun && pending->line == line) {
                if (pending->count < REFUSED_PROBLEMS_MAX)
                        pending->problems[pending->count++] = problem;
                return;
        }
        if (refused->late_begun)
                put(refused->late, pending);
        refused->late_begun = true;
        *pending = (struct entry){ .line = line, .count = 1, .problems = { problem } };
        keep_first(refused, line, &problem, STR_NONE);
        refused->count++;
}

/* Sentences ------------------------------------------------------------------------------------------------------------------------ */

static const char *const stage_texts[STAGE_REASONS] = {
        [STAGE_REPEATED] = "line %ld of the file has the same value",
        [STAGE_TAKEN] = "another record has this value",
        [STAGE_NO_RECORD] = "there is no such record to refer to",
        [STAGE_NO_COLUMN] = "a new record needs this item, and the file has no column for it",
        [STAGE_NO_VALUE] = "a new record needs this item",
        [STAGE_NO_ACCOUNT] = "there is no such account",
        [STAGE_MOVES] = "the state of a record is changed by moves only",
        [STAGE_BEGINS] = "a new record does not begin in this state",
};
static const char *const stage_words[STAGE_REASONS] = { "REPEATED", "TAKEN", "NO_RECORD", "NO_COLUMN", "NO_VALUE", "NO_ACCOUNT", "MOVES", "BEGINS" };
static const char *const csv_words[CSV_FAULTS] = { "", "OPEN_QUOTE", "AFTER_QUOTE", "COLUMNS", "LONG", "BYTES" };

static const char *word(const struct refused_problem *problem)
{
        if (problem->reason >= REFUSED_FEW)
                return problem->reason == REFUSED_FEW ? "FEW_CELLS" : "MANY_CELLS";
        if (problem->reason >= REFUSED_STAGE)
                return stage_words[problem->reason - REFUSED_STAGE];
        if (problem->reason >= REFUSED_CSV)
                return csv_words[problem->reason - REFUSED_CSV];
        return item_reason_word((enum item_reason)problem->reason);
}

static str sentence(struct cx *cx, const struct refused *refused, const struct refused_problem *problem)
{
        if (problem->reason >= REFUSED_FEW)
                return str_format(cx->mem,
                                  fail_translate(cx->lang, problem->reason == REFUSED_FEW
                                                               ? "the row has %ld cells, fewer than the %zu of the heading"
                                                               : "the row has %ld cells, more than the %zu of the heading"),
                                  problem->other, refused->cells);
        if (problem->reason >= REFUSED_STAGE)
                return str_format(cx->mem, fail_translate(cx->lang, stage_texts[problem->reason - REFUSED_STAGE]), problem->other);
        if (problem->reason >= REFUSED_CSV)
                return str_of(fail_translate(cx->lang, csv_fault_text((enum csv_fault)(problem->reason - REFUSED_CSV))));
        return item_reason_text(cx, &refused->def->items[problem->item], (enum item_reason)problem->reason);
}

static const struct item *item_of(const struct refused *refused, const struct refused_problem *problem)
{
        return problem->item >= 0 ? &refused->def->items[problem->item] : NULL;
}

static void problem_model(struct cx *cx, const struct refused *refused, const struct refused_problem *problem, json_t *model)
{
        const struct item *item = item_of(refused, problem);

        json_set(model, "item", item ? json_str(item->name) : json_null());
        json_set(model, "title", item ? json_str(item->title[cx->lang]) : json_null());
        json_set(model, "code", json_string(word(problem)));
        json_set(model, "reason", json_str(sentence(cx, refused, problem)));
}

void refused_model(struct cx *cx, const struct refused *refused, json_t *model)
{
        json_t *by_reason = json_array(), *counts = json_array();

        for (size_t i = 0; i < refused->first_count; i++) {
                const struct first *first = &refused->first[i];
                json_t *one = json_object();

                json_set(one, "line", json_integer(first->line));
                problem_model(cx, refused, &first->problem, one);
                json_set(one, "value", json_str(first->value));
                json_array_append_new(by_reason, one);
        }
        for (size_t i = 0; i < refused->kind_count; i++) {
                struct refused_problem problem = refused->kinds[i].problem;
                const struct item *item = item_of(refused, &problem);
                json_t *one = json_object();

                json_set(one, "item", item ? json_str(item->name) : json_null());
                json_set(one, "title", item ? json_str(item->title[cx->lang]) : json_null());
                json_set(one, "code", json_string(word(&problem)));
                json_set(one, "count", json_integer(refused->kinds[i].count));
                json_array_append_new(counts, one);
        }
        json_set(model, "refused", json_integer(refused->count));
        json_set(model, "by_reason", by_reason);
        json_set(model, "counts", counts);
}

/* The file ------------------------------------------------------------------------------------------------------------------------- */

struct writer {
        struct cx *cx;
        struct refused *refused;
        const struct refused_source *source;
        struct csv *csv; /* finds late rows again */
        struct csv_record *record;
        size_t mark;
        FILE *out;
        char piece[PIECE];
};

static void write_text(struct writer *w, str text)
{
        char *out = arena_alloc(w->cx->mem, text.n * CHARSET_WIDTH + 1);
        struct charset_loss loss = { 0 };

        (void)!fwrite(out, 1, charset_encode(w->source->set, text, out, &loss), w->out);
}

/* A piece of what is held in UTF-8, to be written in UTF-16; a character that the end of the piece cuts waits for the next. Returns the bytes written of it. */
static size_t write_wide(struct writer *w, str piece, bool last)
{
        size_t whole = piece.n;

        for (size_t back = 1; !last && back < UTF8_MAX && back < piece.n; back++)
                if (utf8_cut((str){ piece.p + piece.n - back, back }))
                        whole = piece.n - back;
        write_text(w, (str){ piece.p, whole });
        return whole;
}

static rc write_raw(struct writer *w, int64_t offset, size_t size)
{
        struct arena_mark mark = arena_mark(w->cx->mem);
        size_t written;

        while (size > 0) {
                ssize_t n = pread(w->source->fd, w->piece, size < PIECE ? size : PIECE, offset);

                if (n <= 0)
                        return fail(w->cx, RC_INTERNAL, NULL, "the file being imported has become shorter");
                written = (size_t)n;
                if (charset_wide(w->source->set))
                        written = write_wide(w, (str){ w->piece, (size_t)n }, (size_t)n == size);
                else
                        (void)!fwrite(w->piece, 1, (size_t)n, w->out);
                arena_rewind(w->cx->mem, mark);
                offset += (int64_t)written;
                size -= written;
        }
        return RC_OK;
}

static rc write_entry(struct writer *w, const struct entry *entry)
{
        struct arena_mark mark = arena_mark(w->cx->mem);
        struct buf text = buf_open(w->cx->mem, SENTENCE_MAX), cells = buf_open(w->cx->mem, 2 * SENTENCE_MAX);

        for (uint32_t i = 0; i < entry->count; i++) {
                const struct item *item = item_of(w->refused, &entry->problems[i]);
                enum lang lang = w->cx->lang;

                if (i > 0)
                        buf_add(&text, lang == LANG_JA ? S("／") : S("; "));
                if (item != NULL) {
                        buf_add(&text, item->title[lang]);
                        buf_text(&text, ": ");
                }
                buf_add(&text, sentence(w->cx, w->refused, &entry->problems[i]));
        }
        buf_int(&cells, entry->line);
        buf_char(&cells, w->source->separator);
        buf_csv(&cells, buf_str(&text));
        buf_char(&cells, w->source->separator);
        write_text(w, buf_str(&cells));
        arena_rewind(w->cx->mem, mark);
        TRY(write_raw(w, entry->offset, entry->size));
        write_text(w, w->source->line_end);
        return RC_OK;
}

/* Offset and size of a late row: from the last mark before it the file is read again. */
static rc locate(struct writer *w, struct entry *entry)
{
        const struct refused *refused = w->refused;
        bool moved = false;

        while (w->mark + 1 < refused->mark_count && refused->marks[w->mark + 1].line <= entry->line) {
                w->mark++;
                moved = true;
        }
        if (moved)
                csv_seek(w->csv, refused->marks[w->mark].offset, refused->marks[w->mark].line);
        while (csv_next(w->csv, w->record)) {
                if (w->record->line < entry->line)
                        continue;
                entry->offset = w->record->offset;
                entry->size = (uint32_t)w->record->size;
                return RC_OK;
        }
        return fail(w->cx, RC_INTERNAL, NULL, "the file being imported has become shorter");
}

static rc write_all(struct writer *w)
{
        struct entry early, late;
        bool has_early = take(w->refused->early, &early), has_late = take(w->refused->late, &late);

        while (has_early || has_late) {
                if (has_early && (!has_late || early.line < late.line)) {
                        TRY(write_entry(w, &early));
                        has_early = take(w->refused->early, &early);
                } else {
                        TRY(locate(w, &late));
                        TRY(write_entry(w, &late));
                        has_late = take(w->refused->late, &late);
                }
        }
        return RC_OK;
}

static void close_files(struct refused *refused)
{
        if (refused->late_begun)
                put(refused->late, &refused->pending);
        refused->late_begun = false;
}

static rc files_again(struct cx *cx, struct refused *refused)
{
        close_files(refused);
        if (fflush(refused->early) != 0 || fflush(refused->late) != 0)
                return file_failed(cx, file_store(), errno);
        rewind(refused->early);
        rewind(refused->late);
        return RC_OK;
}

/* One line of COPY's text form. */
static rc keep_entry(struct cx *cx, const struct refused *refused, int64_t job, const struct entry *entry)
{
        struct arena_mark mark = arena_mark(cx->mem);
        struct buf b = buf_open(cx->mem, MB(1));
        json_t *list = json_array();
        str told;

        for (uint32_t i = 0; i < entry->count; i++) {
                json_t *one = json_object();

                problem_model(cx, refused, &entry->problems[i], one);
                json_array_append_new(list, one);
        }
        told = json_write(cx->mem, list);
        buf_format(&b, "%" PRId64 "\t4\t%" PRId64 "\t", job, entry->line);
        for (size_t i = 0; i < told.n; i++) {
                if (told.p[i] == '\\')
                        buf_char(&b, '\\');
                buf_char(&b, told.p[i]);
        }
        buf_char(&b, '\n');
        must(!buf_full(&b));
        TRY(db_copy_write(cx, b.p, b.n));
        arena_rewind(cx->mem, mark);
        return RC_OK;
}

rc refused_keep(struct cx *cx, struct refused *refused, int64_t job)
{
        FILE *const files[] = { refused->early, refused->late };
        struct entry entry;

        TRY(files_again(cx, refused));
        TRY(db_copy_in(cx, S("copy tenant.import_row (job, kind, line, told) from stdin")));
        for (size_t i = 0; i < COUNT(files); i++)
                while (take(files[i], &entry))
                        TRY(keep_entry(cx, refused, job, &entry));
        return db_copy_in_end(cx, NULL);
}

rc refused_write(struct cx *cx, struct refused *refused, const struct refused_source *source, const char *path)
{
        struct writer *w = NEW(cx->mem, struct writer);
        rc code;
        int fd;

        TRY(files_again(cx, refused));
        *w = (struct writer){ .cx = cx, .refused = refused, .source = source };
        w->csv = csv_open(cx->mem, source->fd, source->separator);
        if (source->book)
                csv_count_records(w->csv);
        w->record = NEW(cx->mem, struct csv_record);
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        w->out = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (w->out == NULL)
                return file_failed(cx, "the file of refused rows", errno);
        if (source->bom)
                write_text(w, S("\xef\xbb\xbf"));
        write_text(w, str_format(cx->mem, "%s%c%s%c", headings[cx->lang][0], source->separator, headings[cx->lang][1], source->separator));
        code = write_raw(w, source->heading, source->heading_size);
        write_text(w, source->line_end);
        if (code == RC_OK)
                code = write_all(w);
        if ((ferror(w->out) || fflush(w->out) != 0 || fsync(fileno(w->out)) != 0) && code == RC_OK)
                code = file_failed(cx, path, errno);
        (void)fclose(w->out);
        if (code != RC_OK)
                (void)unlink(path);
        return code;
}
