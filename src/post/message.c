/* message.c - see message.h. */
#include "base/house.h"

#include "post/message.h"

#include "base/buf.h"
#include "base/fail.h"
#include "base/utf8.h"

#include <gmime/gmime.h>

bool message_address_valid(str address)
{
        const char *at = str_absent(address) ? NULL : memchr(address.p, '@', address.n);

        if (at == NULL || address.n > MESSAGE_ADDRESS_MAX || at == address.p || at + 1 == address.p + address.n)
                return false;
        for (size_t i = 0; i < address.n; i++) {
                unsigned char c = (unsigned char)address.p[i];

                if (c <= 0x20 || c >= 0x7f || strchr("<>()[],;:\\\"", c) != NULL || (c == '@' && address.p + i != at))
                        return false;
        }
        return true;
}

static rc check(struct cx *cx, const struct message *m)
{
        if (!message_address_valid(m->to) || !message_address_valid(m->from))
                return fail(cx, RC_INVALID, "email", "is not an e-mail address");
        if (str_empty(m->subject) || m->subject.n > MESSAGE_SUBJECT_MAX * UTF8_MAX || text_control(m->subject, false) != m->subject.n)
                return fail(cx, RC_INVALID, "subject", "must be one line");
        if (m->body.n > MESSAGE_BODY_MAX)
                return fail(cx, RC_TOO_LARGE, "body", "a message may have at most %d bytes", MESSAGE_BODY_MAX);
        return RC_OK;
}

static GMimePart *body_make(struct cx *cx, str body)
{
        GMimePart *part = g_mime_part_new_with_type("text", "plain");
        GMimeStream *stream = g_mime_stream_mem_new_with_buffer(body.p, body.n);
        GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

        g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
        g_mime_part_set_content(part, content);
        g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
        g_object_unref(content);
        g_object_unref(stream);
        return part;
}

/* GMime leaves what looks like an encoded word as it is, and folds the line wrongly behind half a one. */
static char *words_plain(struct cx *cx, str text)
{
        struct buf b = buf_open(cx->mem, text.n * 2 + 1);

        for (size_t i = 0; i < text.n; i++) {
                buf_char(&b, text.p[i]);
                if (text.p[i] == '=' && i + 1 < text.n && text.p[i + 1] == '?')
                        buf_char(&b, ' ');
        }
        return str_z(cx->mem, buf_str(&b));
}

static void head_write(struct cx *cx, GMimeMessage *out, const struct message *m)
{
        GTimeZone *tokyo = g_time_zone_new_offset(9 * 60 * 60);
        GDateTime *utc = g_date_time_new_from_unix_utc(m->date / 1000), *date = g_date_time_to_timezone(utc, tokyo);

        g_mime_message_add_mailbox(out, GMIME_ADDRESS_TYPE_FROM, str_absent(m->from_name) ? NULL : words_plain(cx, m->from_name),
                                   str_z(cx->mem, m->from));
        g_mime_message_add_mailbox(out, GMIME_ADDRESS_TYPE_TO, NULL, str_z(cx->mem, m->to));
        g_mime_message_set_subject(out, words_plain(cx, m->subject), "utf-8");
        g_mime_message_set_date(out, date);
        g_mime_message_set_message_id(out, str_format(cx->mem, "%.*s@%.*s", STR_ARG(m->id), STR_ARG(m->host)).p);
        g_mime_object_set_header(GMIME_OBJECT(out), "Auto-Submitted", "auto-generated", NULL);
        g_date_time_unref(date);
        g_date_time_unref(utc);
        g_time_zone_unref(tokyo);
}

rc message_write(struct cx *cx, const struct message *m, str *ret)
{
        static bool started;
        GMimeMessage *out;
        GMimePart *part;
        GMimeFormatOptions *format;
        GMimeStream *stream;
        GByteArray *bytes;

        TRY(check(cx, m));
        if (!started)
                g_mime_init();
        started = true;
        out = g_mime_message_new(TRUE);
        head_write(cx, out, m);
        part = body_make(cx, m->body);
        g_mime_message_set_mime_part(out, GMIME_OBJECT(part));
        format = g_mime_format_options_new();
        g_mime_format_options_set_newline_format(format, GMIME_NEWLINE_FORMAT_DOS);
        stream = g_mime_stream_mem_new();
        (void)g_mime_object_write_to_stream(GMIME_OBJECT(out), format, stream);
        bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
        *ret = str_copy(cx->mem, (str){ (const char *)bytes->data, bytes->len });
        g_object_unref(stream);
        g_mime_format_options_free(format);
        g_object_unref(part);
        g_object_unref(out);
        return RC_OK;
}
