/* qr.c - see qr.h. */
#include "base/house.h"

#include "base/qr.h"

#include "base/buf.h"

#include <qrencode.h>

/* Dark modules of a row that stand together are one rectangle. */
static void row_add(struct buf *out, const unsigned char *row, int width, int y)
{
        for (int x = 0; x < width; x++) {
                int from = x;

                while (x < width && (row[x] & 1) != 0)
                        x++;
                if (x > from)
                        buf_format(out, "M%d %dh%dv1h-%dz", from, y, x - from, x - from);
        }
}

str qr_path(struct arena *mem, str text, int *ret_size)
{
        struct buf out = buf_open(mem, KB(256));
        QRcode *code;

        if (text.n == 0 || text.n > QR_TEXT_MAX)
                return STR_NONE;
        code = QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
        must(code != NULL);
        for (int y = 0; y < code->width; y++)
                row_add(&out, code->data + (ptrdiff_t)y * code->width, code->width, y);
        *ret_size = code->width;
        QRcode_free(code);
        must(!buf_full(&out));
        return buf_str(&out);
}
