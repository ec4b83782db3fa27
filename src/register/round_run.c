/* round_run.c - see round_run.h. */
#include "base/house.h"

#include "register/round_run.h"

#include "register/round.sql.h"

enum { TURN_MAX = 5000 };

rc round_run_next(struct cx *cx, int64_t after, str *ret_tenant, int64_t *ret_id)
{
        struct round_due *due;

        TRY(sql_round_due(cx, after, &due));
        *ret_tenant = due ? due->tenant : STR_NONE;
        *ret_id = due ? due->number : 0;
        return RC_OK;
}

rc round_run_turn(struct cx *cx, int64_t id, json_t **ret)
{
        struct round_turned *turned;
        json_t *told;

        (void)id;
        *ret = NULL;
        TRY(sql_round_turn(cx, TURN_MAX, &turned));
        if (turned->seen == 0) /* another process was quicker */
                return RC_OK;
        told = json_set(json_object(), "made", json_integer(turned->made));
        *ret = json_set(told, "missed", json_integer(turned->missed));
        return RC_OK;
}
