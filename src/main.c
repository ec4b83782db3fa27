/* main.c - joins the tables of commands, routes and jobs; nothing else. */
#include "base/house.h"

#include "cli/cmd_backup.h"
#include "cli/cmd_border.h"
#include "cli/cmd_erasure.h"
#include "cli/cmd_file.h"
#include "cli/cmd_house.h"
#include "cli/cmd_identity.h"
#include "cli/cmd_log.h"
#include "cli/cmd_maintenance.h"
#include "cli/cmd_person.h"
#include "cli/cmd_postal.h"
#include "cli/cmd_provider.h"
#include "cli/cmd_rights.h"
#include "cli/cmd_policy.h"
#include "cli/cmd_register.h"
#include "cli/cmd_seal.h"
#include "cli/cmd_tenant.h"
#include "cli/cmd_witness.h"
#include "cli/cmd_work.h"
#include "cli/command.h"
#include "cli/demo.h"
#include "cli/up.h"
#include "cli/worker.h"
#include "console/access_door.h"
#include "console/account_door.h"
#include "console/attachment_door.h"
#include "console/batch_door.h"
#include "console/border_door.h"
#include "console/bulk_door.h"
#include "console/calendar_door.h"
#include "console/duplicate_door.h"
#include "console/merge_door.h"
#include "console/certificate_door.h"
#include "console/applicant_door.h"
#include "console/change_door.h"
#include "console/describe.h"
#include "console/duty_door.h"
#include "console/evidence_door.h"
#include "console/export_door.h"
#include "console/factor_door.h"
#include "console/frame.h"
#include "console/definition_door.h"
#include "console/department_door.h"
#include "console/declaration_door.h"
#include "console/device_door.h"
#include "console/folder_door.h"
#include "console/group_door.h"
#include "console/home.h"
#include "console/import_door.h"
#include "console/job_door.h"
#include "console/key_door.h"
#include "console/link_door.h"
#include "console/log_door.h"
#include "console/log_file.h"
#include "console/log_hold_door.h"
#include "console/log_review_door.h"
#include "console/mail_door.h"
#include "console/maintenance_door.h"
#include "console/mapping_door.h"
#include "console/me_door.h"
#include "console/move_door.h"
#include "console/proof_door.h"
#include "console/notice_door.h"
#include "console/permission_door.h"
#include "console/person_door.h"
#include "console/provider_door.h"
#include "console/policy_door.h"
#include "console/postal_door.h"
#include "console/presence_door.h"
#include "console/record_door.h"
#include "console/register_door.h"
#include "console/review_door.h"
#include "console/round_door.h"
#include "console/segment_door.h"
#include "console/session_door.h"
#include "console/sso_door.h"
#include "console/summary.h"
#include "console/support_door.h"
#include "console/token_door.h"
#include "console/webhook_door.h"
#include "gate/openapi.h"
#include "governance/change.h"
#include "identity/access.h"
#include "identity/alert.h"
#include "identity/device.h"
#include "identity/person.h"
#include "identity/review.h"
#include "log/log.h"
#include "log/log_hold.h"
#include "log/log_review.h"
#include "tenant/erasure.h"
#include "tenant/backup.h"
#include "tenant/tenant.h"
#include "mail/mail.h"
#include "notify/notice.h"
#include "notify/webhook.h"
#include "register/alike_find.h"
#include "register/attachment.h"
#include "register/bulk.h"
#include "register/bulk_undo.h"
#include "register/clock_run.h"
#include "register/define.h"
#include "register/define_laid.h"
#include "register/export.h"
#include "register/import.h"
#include "register/import_undo.h"
#include "register/move_tell.h"
#include "register/postal.h"
#include "register/round_run.h"
#include "register/segment_build.h"
#include "register/segment_turn.h"

static const struct command *const commands[] = {
        /* clang-format off */
        up_commands,
        cmd_tenant_commands, cmd_erasure_commands,
        cmd_identity_commands,
        cmd_person_commands,
        cmd_provider_commands,
        cmd_rights_commands,
        cmd_policy_commands,
        cmd_register_commands,
        cmd_file_commands,
        cmd_work_commands,
        cmd_house_commands,
        cmd_log_commands,
        cmd_witness_commands,
        cmd_seal_commands,
        worker_commands,
        demo_commands,
        cmd_border_commands,
        cmd_maintenance_commands,
        cmd_backup_commands,
        cmd_postal_commands,
        NULL,
        /* clang-format on */
};

static const struct route *const routes[] = {
        /* clang-format off */
        home_routes,
        session_door_routes,
        me_door_routes,
        move_door_routes,
        account_door_routes,
        department_door_routes,
        device_door_routes,
        declaration_door_routes,
        access_door_routes,
        group_door_routes,
        key_door_routes,
        record_door_routes, attachment_door_routes, evidence_door_routes,
        register_door_routes,
        definition_door_routes,
        import_door_routes,
        mapping_door_routes,
        bulk_door_routes,
        duplicate_door_routes,
        merge_door_routes,
        segment_door_routes, batch_door_routes,
        export_door_routes,
        summary_routes,
        job_door_routes,
        log_door_routes,
        proof_door_routes,
        log_review_door_routes,
        log_hold_door_routes,
        border_door_routes,
        certificate_door_routes,
        token_door_routes,
        webhook_door_routes,
        openapi_routes,
        notice_door_routes,  support_door_routes,
        permission_door_routes,
        person_door_routes,
        factor_door_routes,
        sso_door_routes,
        provider_door_routes,
        applicant_door_routes,
        link_door_routes,
        policy_door_routes,
        postal_door_routes,
        presence_door_routes,
        review_door_routes,
        maintenance_door_routes,
        change_door_routes,
        calendar_door_routes,
        duty_door_routes,
        round_door_routes,
        mail_door_routes,
        folder_door_routes,
        NULL,
        /* clang-format on */
};

static const struct job_kind jobs[] = {
        { "define", LOG_DEFINE, define_run, .owner = true, .permission = PERM_REGISTER_DEFINE },
        { "import", LOG_IMPORT, import_run, .permission = PERM_RECORD_IMPORT },
        { "export", LOG_EXPORT, export_run, .permission = PERM_RECORD_EXPORT },
        { "bulk", LOG_BULK, bulk_run, .permission = PERM_RECORD_BULK },
        { "bulk_undo", LOG_UNDO, bulk_undo_run, .permission = PERM_RECORD_BULK },
        { "import_undo", LOG_UNDO, import_undo_run, .permission = PERM_RECORD_IMPORT },
        { "duplicates", LOG_SEARCH, alike_find_run, .permission = PERM_RECORD_MERGE },
        { "segment", LOG_COUNT, segment_build_run, .owner = true, .permission = PERM_RECORD_READ },
        { "log_export", LOG_EXPORT, log_file_run, .permission = PERM_LOG_EXPORT },
        { .name = NULL },
};

static rc sharing_notice(struct cx *cx, const json_t *told)
{
        return notice_managers(cx, "account_shared", told);
}

static rc alert_notice(struct cx *cx, const json_t *told)
{
        int64_t id = json_integer_value(json_object_get(told, "actor_id"));

        if (str_is(json_get_text(told, "alert"), "drift")) {
                log_subject(cx, S("maintenance"), 0);
                return notice_guards(cx, str_format(cx->mem, "drift_%.*s", STR_ARG(json_get_text(told, "actor"))).p, told);
        }
        log_subject(cx, json_get_text(told, "actor_kind"), id);
        return str_is(json_get_text(told, "alert"), "place") ? notice_owner(cx, id, "place", told) : notice_guards(cx, "probing", told);
}

static rc review_notice(struct cx *cx, const json_t *told)
{
        str tell = json_get_text(told, "tell");

        log_subject(cx, S("review"), json_integer_value(json_object_get(told, "review")));
        if (str_absent(tell))
                return RC_OK;
        return notice_approvers(cx, str_format(cx->mem, "review_%.*s", STR_ARG(tell)).p, told);
}

static rc log_review_notice(struct cx *cx, const json_t *told)
{
        return notice_log_readers(cx, "log_review_late", told);
}

static rc device_notice(struct cx *cx, const json_t *told)
{
        int64_t account;

        log_subject(cx, S("device"), json_integer_value(json_object_get(told, "id")));
        if (!str_is(json_get_text(told, "tell"), "expiring"))
                return notice_guards(cx, str_is(json_get_text(told, "tell"), "undeclared") ? "device_undeclared" : "device_unreturned", told);
        TRY(device_account(cx, told, &account));
        return account != 0 ? notice_owner(cx, account, "device_expiring", told) : notice_guards(cx, "device_expiring", told);
}

static rc segment_notice(struct cx *cx, const json_t *told)
{
        return json_integer_value(json_object_get(told, "drifted")) > 0 ? notice_guards(cx, "segment_drift", told) : RC_OK;
}

static rc webhook_notice(struct cx *cx, const json_t *told)
{
        return notice_webhooks(cx, "webhook_off", told);
}

static const struct chore chores[] = {
        { "person", LOG_STOP, 5000, person_leave_next, person_leave, .sweep = person_files_erase },
        { "sharing", LOG_ALERT, 5000, person_sharing_next, person_sharing_tell, .tell = sharing_notice },
        { "alert", LOG_ALERT, 5000, alert_next, alert_tell, .tell = alert_notice },
        { "device", LOG_ALERT, 5000, device_next, device_tell, .tell = device_notice },
        { "review", LOG_ALERT, 5000, review_due_next, review_tick, .tell = review_notice },
        { "access", LOG_REVOKE, 5000, access_next, access_turn, .tell = access_door_tell },
        { "tenant", LOG_STOP, 5000, NULL, tenant_end_due },
        { "tenant", LOG_DELETE, 5000, NULL, tenant_erase_due },
        { "erasure", LOG_ERASE, 1000, NULL, erasure_bytes_gone, .sweep = erasure_bytes_renew },
        { "log_review", LOG_CREATE, 5000, log_review_next, log_review_begin },
        { "log_review", LOG_ALERT, 5000, log_review_late, log_review_tell, .tell = log_review_notice },
        { "backup", LOG_ALERT, 5000, NULL, backup_late, .tell = notice_backup },
        { "postal", LOG_ALERT, 5000, NULL, postal_late, .tell = notice_postal },
        { "log", LOG_ERASE, 5000, log_hold_next, log_hold_purge },
        { "register", LOG_DEFINE, 2000, define_laid_next, define_laid_take, .owner = true },
        { "round", LOG_CREATE, 1000, round_run_next, round_run_turn },
        { "duty", LOG_ALERT, 1000, clock_run_next, clock_run_fire, .masked = true },
        { "move", LOG_ALERT, 1000, move_tell_next, move_tell_fire, .masked = true },
        { "change", LOG_ANNOUNCE, 5000, change_next, change_tell, .tell = change_door_told, .sweep = change_sweep },
        { "mail", LOG_ERASE, 5000, mail_due_next, mail_due_erase },
        { "file", LOG_VERIFY, 1000, attachment_next, attachment_scan, .sweep = attachment_sweep },
        { "file", LOG_VERIFY, 3600000, attachment_next, attachment_scan, .sweep = attachment_strays },
        { "job", LOG_CANCEL, 5000, job_ready_next, job_ready_over },
        { "segment", LOG_COUNT, 500, segment_turn_asked, segment_turn_count, .sweep = segment_turn_fold },
        { "segment", LOG_COUNT, 1000, segment_turn_due, segment_turn_day, .tell = segment_notice },
        { "webhook", LOG_STOP, 1000, webhook_off_next, webhook_off_tell, .tell = webhook_notice, .sweep = webhook_sweep },
        { .kind = NULL },
};

int main(int argc, char **argv)
{
        static const struct gate_hooks hooks = { .start = frame_start, .frame = frame_add, .openapi = describe_registers };
        static const struct house house = { .commands = commands, .routes = routes, .jobs = jobs, .chores = chores, .hooks = &hooks };

        return command_main(&house, argc, argv);
}
