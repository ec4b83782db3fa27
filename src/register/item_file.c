/* item_file.c - see item_file.h. How to add a kind: a line in `kinds`, and the types it means in `types`; what a browser would run must not be among them. */
#include "base/house.h"

#include "register/item_file.h"

#include "base/buf.h"

/* clang-format off */
static const struct {
        const char *name;
        const char *title[2];
} kinds[] = {
        { "pdf", { "PDF", "PDF" } },
        { "image", { "画像", "images" } },
        { "text", { "テキスト・CSV", "texts and CSV" } },
        { "office", { "文書・表・スライド", "office documents" } },
        { "mail", { "メール", "mails" } },
        { "archive", { "圧縮ファイル", "archives" } },
        { "media", { "音声・動画", "sound and video" } },
};

/* As libmagic names them; with a * at the end: all that begin so. */
static const struct {
        const char *mime;
        unsigned kind;
} types[] = {
        { "application/pdf", 1 },
        { "image/png", 2 }, { "image/jpeg", 2 }, { "image/gif", 2 }, { "image/webp", 2 }, { "image/tiff", 2 }, { "image/bmp", 2 }, { "image/heic", 2 },
        { "image/heif", 2 }, { "image/avif", 2 },
        { "text/plain", 4 }, { "text/csv", 4 }, { "application/csv", 4 }, { "application/json", 4 }, { "application/x-ndjson", 4 },
        { "application/vnd.openxmlformats-officedocument.*", 8 }, { "application/vnd.oasis.opendocument.*", 8 }, { "application/msword", 8 },
        { "application/vnd.ms-excel", 8 }, { "application/vnd.ms-powerpoint", 8 },
        { "message/rfc822", 16 }, { "application/vnd.ms-outlook", 16 },
        { "application/zip", 32 }, { "application/gzip", 32 }, { "application/x-7z-compressed", 32 }, { "application/x-xz", 32 }, { "application/zstd", 32 },
        { "audio/*", 64 }, { "video/*", 64 },
};
/* clang-format on */

unsigned item_file_kind(str name)
{
        for (size_t i = 0; i < COUNT(kinds); i++)
                if (str_is(name, kinds[i].name))
                        return 1u << i;
        return 0;
}

const char *item_file_kinds(void)
{
        return "pdf image text office mail archive media";
}

unsigned item_file_kind_of(str mime)
{
        for (size_t i = 0; i < COUNT(types); i++) {
                str type = str_of(types[i].mime);

                if (str_ends(type, S("*")) ? str_starts(mime, (str){ type.p, type.n - 1 }) : str_equal(mime, type))
                        return types[i].kind;
        }
        return 0;
}

json_t *item_file_names(unsigned set)
{
        json_t *list = json_array();

        for (size_t i = 0; i < COUNT(kinds); i++)
                if (set & 1u << i)
                        json_array_append_new(list, json_string(kinds[i].name));
        return list;
}

str item_file_title(struct arena *mem, enum lang lang, unsigned set)
{
        struct buf b = buf_open(mem, KB(1));

        for (size_t i = 0; i < COUNT(kinds); i++)
                if (set & 1u << i) {
                        if (b.n > 0)
                                buf_add(&b, lang == LANG_JA ? S("、") : S(", "));
                        buf_add(&b, str_of(kinds[i].title[lang]));
                }
        return buf_str(&b);
}

bool item_file_parse(str stored, struct item_file *ret)
{
        struct item_file f;
        str rest = stored, id = str_cut(rest, '/', &rest), size;

        if (str_absent(rest))
                return false;
        f.sha256 = str_cut(rest, '/', &rest);
        if (str_absent(rest))
                return false;
        size = str_cut(rest, '/', &rest);
        if (str_absent(rest) || rest.n == 0 || f.sha256.n != 64 || !str_int(id, &f.id) || !str_int(size, &f.size) || f.id <= 0 || f.size <= 0)
                return false;
        for (size_t i = 0; i < f.sha256.n; i++)
                if ((f.sha256.p[i] < '0' || f.sha256.p[i] > '9') && (f.sha256.p[i] < 'a' || f.sha256.p[i] > 'f'))
                        return false;
        f.name = rest;
        *ret = f;
        return true;
}

enum item_reason item_file_read(struct arena *mem, const struct item *item, str s, str *ret)
{
        return ITEM_NOT_FILE;
}

str item_file_show(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        struct item_file f;

        return item_file_parse(stored, &f) ? f.name : stored;
}

str item_file_write(struct arena *mem, enum lang lang, const struct item *item, str stored)
{
        struct item_file f;

        return item_file_parse(stored, &f) ? str_format(mem, "%.*s (sha256:%.*s)", STR_ARG(f.name), STR_ARG(f.sha256)) : stored;
}

json_t *item_file_json(str stored)
{
        struct item_file f;
        json_t *m;

        if (!item_file_parse(stored, &f))
                return json_str(stored);
        m = json_set(json_object(), "id", json_integer(f.id));
        (void)json_set(m, "name", json_str(f.name));
        (void)json_set(m, "size", json_integer(f.size));
        return json_set(m, "sha256", json_str(f.sha256));
}

bool item_file_any(const struct definition *def)
{
        for (size_t i = 0; i < def->item_count; i++)
                if (def->items[i].type == ITEM_FILE)
                        return true;
        return false;
}
