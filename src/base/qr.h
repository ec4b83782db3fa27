/* qr.h - a QR code (ISO/IEC 18004) as the path of an SVG picture that stands in the page itself. By libqrencode. */
#ifndef DAICHO_BASE_QR_H
#define DAICHO_BASE_QR_H

#include "base/arena.h"
#include "base/str.h"

enum { QR_TEXT_MAX = 1000, QR_QUIET = 4 /* free modules around it */ };

/* The d of <path>, one unit a module; *ret_size: modules a side, without the quiet zone. Absent when the text is too long. */
str qr_path(struct arena *mem, str text, int *ret_size);

#endif
