/* charset.h - the encodings files come in: UTF-8, CP932 (Windows-31J: Shift_JIS as Windows writes it, with NEC row 13, NEC-selected IBM extensions, IBM
 * extensions and the end-user area), exactly as the WHATWG Encoding Standard maps it, and UTF-16 (RFC 2781) as spreadsheets save "Unicode text". In memory all
 * text is UTF-8. */
#ifndef DAICHO_BASE_CHARSET_H
#define DAICHO_BASE_CHARSET_H

#include "base/cx.h"

enum charset { CHARSET_UTF8, CHARSET_CP932, CHARSET_UTF16LE, CHARSET_UTF16BE, CHARSETS };

const char *charset_name(enum charset set);     /* "UTF-8" "CP932" "UTF-16LE" "UTF-16BE" */
bool charset_find(str name, enum charset *ret); /* also "utf8", "sjis", "shift_jis", "windows-31j", "utf-16" (little end first) */
bool charset_wide(enum charset set);            /* UTF-16: ASCII takes two bytes; what reads bytes of ASCII cannot read it */

/* Up to this many bytes of UTF-8 for one byte of any encoding; and of any encoding for one byte of UTF-8. */
enum { CHARSET_GROWTH = 3, CHARSET_WIDTH = 2 };
/* Decode into out, which has room for CHARSET_GROWTH times in.n bytes. Returns the bytes written; *ret_read: bytes of `in` decoded, less than
 * in.n where something begins that is no character. */
size_t charset_decode(enum charset set, str in, char *out, size_t *ret_read);

/* How many characters were not written as they were. */
struct charset_loss {
        int64_t replaced; /* by 〓 (geta), as typesetters did */
        int64_t similar;  /* by their twin, which reads back as another code point: 〜 as ～, − as － */
};
/* Encode valid UTF-8 into out, which has room for in.n bytes (no character needs more in CP932), in UTF-16 CHARSET_WIDTH times as many. Returns the bytes
 * written. */
size_t charset_encode(enum charset set, str in, char *out, struct charset_loss *loss);

/* Which encoding is a file in? Fed piece by piece from its start; decides when asked. */
struct charset_guess {
        int64_t bytes;
        int64_t line;                /* physical line the next byte is on, from 1; counted up to the first byte that is not UTF-8 */
        int64_t zeros[2], escapes;   /* NUL at even and at odd places; ESC as ISO-2022-JP uses it */
        int64_t utf8_good, utf8_bad; /* characters of more than one byte; sequences that are none */
        int64_t first_bad_line;      /* of the first such sequence */
        uint8_t first_bad;
        /* counted from the piece of the first such sequence on */
        int64_t cp932_good, cp932_half, cp932_bad; /* two-byte characters, half-width kana, bytes that are neither */
        int64_t euc_good, euc_kana, euc_bad;       /* the same read as EUC-JP: pairs, those of the kana rows, others */
        char start[3];
        bool bom, utf16le, utf16be; /* begins with the byte order mark of UTF-8, of UTF-16 */
        char last;    /* byte before, while lines are counted: a CR waits for its LF */
        char before;  /* last byte of the piece before */
        char held[4]; /* unfinished UTF-8 character at the end of the last piece */
        size_t held_n;
        unsigned char cp932_lead, euc_lead; /* unfinished pairs */
};
void charset_guess_start(struct charset_guess *g);
/* false: nothing that follows can change the answer any more. */
bool charset_guess_add(struct charset_guess *g, const char *p, size_t n);
/* *ret_reason: a sentence in cx->lang. RC_INVALID for ISO-2022-JP, EUC-JP and what is no text at all, saying how to save it. */
rc charset_guess_end(struct cx *cx, struct charset_guess *g, enum charset *ret, str *ret_reason) MUST_USE;

#endif
