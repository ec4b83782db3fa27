-- Why: a record that was deleted leaves its bytes behind; they are asked to go (schema/0028_erasure_bytes.sql).
create trigger deleted after insert on tenant.change for each row when (new.deleted) execute function daicho.change_deleted();
