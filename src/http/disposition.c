/* disposition.c - see disposition.h. */
#include "base/house.h"

#include "http/disposition.h"

#include "base/buf.h"

enum { DISPOSITION_MAX = 8192 };

str disposition_attachment(struct arena *mem, str file_name)
{
        struct buf b = buf_open(mem, DISPOSITION_MAX);

        buf_text(&b, "attachment; filename=\"");
        for (size_t i = 0; i < file_name.n; i++) {
                char c = file_name.p[i];

                if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '%' || c == '/' || c == ';')
                        c = '_';
                if (((unsigned char)file_name.p[i] & 0xc0) != 0x80) /* one _ a character */
                        buf_char(&b, c);
        }
        buf_text(&b, "\"; filename*=UTF-8''");
        buf_url(&b, file_name);
        return buf_str(&b);
}
