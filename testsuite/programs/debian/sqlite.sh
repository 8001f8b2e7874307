#!/bin/bash
# sqlite3: schema, joins, window functions, recursive queries, transactions, WAL, import and export, two writers.
sqlite3 -batch t.db <<'E'
create table dept(id integer primary key, name text unique); create table emp(id integer primary key, name text, dept references dept, salary real check(salary > 0));
insert into dept(name) values('eng'),('ops'),('hr'); with recursive n(i) as (select 1 union all select i + 1 from n where i < 200) insert into emp(name, dept, salary) select 'e' || i, i % 3 + 1, 1000 + (i * 7919) % 500 from n;
create index byd on emp(dept, salary desc); select d.name, count(*), round(avg(salary), 2), max(salary) from emp e join dept d on d.id = e.dept group by 1 order by 1;
select name, salary, rank() over (partition by dept order by salary desc) r from emp where dept = 2 order by r, name limit 4; explain query plan select * from emp where dept = 1;
begin; delete from emp where id <= 100; rollback; select count(*) from emp; begin; delete from emp where id <= 100; commit; select count(*) from emp; select json_group_array(name) from (select name from dept order by name);
select printf('%05.1f', 3.14159), hex(zeroblob(3)), coalesce(null, 'x'), typeof(1.0), 7 / 2, 7 % 3, 'a' || 1, upper('abc'), substr('hello', 2, 3), instr('hello', 'l'), date('2024-02-28', '+2 days'), strftime('%s', '2000-01-01');
create view v as select name from emp where salary > 1400; select count(*) from v; create trigger tr after insert on dept begin insert into emp(name, dept, salary) values('boss of ' || new.name, new.id, 9999); end; insert into dept(name) values('new'); select name from emp where salary = 9999;
E
sqlite3 t.db 'insert into dept(name) values("eng")' 2>&1; echo $?
sqlite3 t.db 'insert into emp(salary) values(-1)' 2>&1; echo $?
sqlite3 -csv -header t.db 'select * from dept' | tr -d '\r'
sqlite3 -json t.db 'select id from dept limit 2'
sqlite3 t.db 'pragma journal_mode=wal; update emp set salary = salary + 1; pragma wal_checkpoint(truncate); pragma integrity_check; vacuum;'
sqlite3 t.db .dump | sqlite3 copy.db; sqlite3 copy.db 'select count(*), sum(id) from emp'
seq 1000 | sed 's/.*/&,v&/' >in.csv
sqlite3 i.db 'create table c(a int, b)' '.mode csv' '.import in.csv c' 'select count(*), sum(a) from c'
for i in 1 2 3 4
do for j in 1 2 3 4 5; do sqlite3 -cmd '.timeout 20000' i.db "insert into c values($i, 'w$j')"; done & done
wait; sqlite3 i.db "select count(*) from c where b like 'w%'"
sqlite3 i.db 'select sum(a) from c' 'attach "copy.db" as x' 'select count(*) from x.dept' '.tables'
sqlite3 :memory: 'create virtual table f using fts5(t); insert into f values("the quick fox"),("lazy dog"); select t from f where f match "quick";' 'create virtual table r using rtree(id,a,b); insert into r values(1,0,10); select id from r where a<5;'
sqlite3 t.db 'select * from nothing' 2>&1; echo $?; head -c 1000 /dev/urandom >junk.db
sqlite3 junk.db 'select 1 from sqlite_master' 2>&1; echo $?
