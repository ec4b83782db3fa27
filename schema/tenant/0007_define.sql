-- Why: while the type of an item changes, people go on working. Records whose value has to be looked at again stand here, and values that do not fit the new
-- type: the record's history keeps those. And a register that was deleted stays for the days in which it can be brought back.
create table tenant.define_row (
    define bigint not null,                          -- daicho.define
    item text not null,
    record bigint not null,
    value text,                                      -- null: to be looked at (again); else what does not fit
    primary key (define, item, record)
);
alter table tenant.register drop constraint register_state_check,
    add constraint register_state_check check (state in ('defining', 'active', 'deleted'));
