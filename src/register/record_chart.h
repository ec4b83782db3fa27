/* record_chart.h - numbers of records for charts. */
#ifndef DAICHO_REGISTER_RECORD_CHART_H
#define DAICHO_REGISTER_RECORD_CHART_H

#include "register/sql.h"

/* Numbers for charts: {months:[{month:"2026-11", count}], values:[{value, count}]} - records by month of creation (the
 * last 13) and by a choice item. */
rc record_chart_months(struct cx *cx, const struct definition *def, json_t **ret) MUST_USE;
rc record_chart_groups(struct cx *cx, const struct definition *def, const struct item *item, json_t **ret) MUST_USE;

#endif
