/* disposition.h - the Content-Disposition header of a download. */
#ifndef DAICHO_HTTP_DISPOSITION_H
#define DAICHO_HTTP_DISPOSITION_H

#include "base/arena.h"
#include "base/str.h"

/* attachment; RFC 6266 with a plain name for old readers and filename* (RFC 5987) for all others. */
str disposition_attachment(struct arena *mem, str file_name);

#endif
