-- Why: rows of a file that were compared with their register and wait for somebody to look at them before they are written. They live as long as their job
-- waits: its end takes them away (schema/0037_import_review.sql). Unlogged: nothing is lost with them, the file is still there and is read again.
create unlogged table tenant.import_row (
    job bigint not null,
    kind smallint not null,                                 -- 0: what was found, once a job; 1 new, 2 changed, 3 unchanged, 4 refused
    line integer not null,
    record bigint,                                          -- the record it changes, or leaves
    version bigint,                                         -- of that record when they were compared
    cells text[],                                           -- new and changed: values of the file's columns in stored form
    told jsonb,                                             -- refused: what is wrong; 0: the result
    primary key (job, kind, line)
);
grant select, insert, delete on tenant.import_row to t_all;
