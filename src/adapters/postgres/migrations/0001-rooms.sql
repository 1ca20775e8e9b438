-- Times that go out (last_sent, sent) are milliseconds since the Unix epoch. There are no foreign
-- keys: every write to log and members holds the lock on its room's row, and a check per inserted
-- message would cost as much as the message.

-- An append changes last_seq and last_sent; with free space on the page and no index on either,
-- such an update touches no index (HOT). member_count saves a count(*) per join.
create table rooms (
  room_id uuid primary key,
  name text not null,
  last_seq bigint not null default 0,
  last_sent bigint not null default 0,
  member_count integer not null default 0,
  gone boolean not null default false,
  created timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- Only rooms that are being removed are in it: an append stays out of it.
create index rooms_gone on rooms (room_id) where gone;

-- A row is a message; one day it may be a change of a message. Every row has a seq.
create table log (
  room_id uuid not null,
  seq bigint not null,
  message_id uuid not null,
  member_id uuid not null,
  member_name text not null,
  type text not null,
  message text not null,
  sent bigint not null,
  primary key (room_id, seq),
  unique (message_id)
);

-- `place` is the order of joining: it is drawn under the room's lock. A member with a resume_hash may be
-- attached again: `attachment` counts how often it was. A detached one keeps its node, so that what its
-- connection posted before it was lost is still taken.
create table members (
  member_id uuid primary key,
  room_id uuid not null,
  name text not null,
  node_id uuid not null,
  place bigint not null generated always as identity,
  attachment integer not null default 1,
  resume_hash bytea,
  detached_at timestamptz
);
create unique index members_room_name on members (room_id, lower(name));
create index members_node on members (node_id, member_id) where detached_at is null;
create unique index members_resume on members (resume_hash) where resume_hash is not null;
create index members_detached on members (detached_at) where detached_at is not null;

-- As many rows as nodes, so the search for lapsed leases needs no index, and a renewal stays HOT.
create table nodes (
  node_id uuid primary key,
  lease_until timestamptz not null,
  gone boolean not null default false
) with (fillfactor = 50);

create function now_ms() returns bigint language sql volatile
return floor(extract(epoch from clock_timestamp()) * 1000)::bigint;

create function log_text(p_type text, p_name text, p_message text) returns text language sql immutable
return case p_type
  when 'joined' then p_name || ' joined the room.'
  when 'left' then p_name || ' left the room.'
  else p_message
end;

-- All functions below are one statement to their caller and need READ COMMITTED: each statement
-- inside takes a new snapshot, so what comes after a lock sees what was committed while it waited.
-- Locks are taken in one order everywhere: rooms by id, then members, then nodes.
--
-- Lookups per array element are scalar subqueries, laterals with a limit, or loops: given a join, the
-- planner reads a whole table when a batch is large, with the rooms locked.

-- One chat. Optimistic: a message id that is stored already fails on its unique index, and a chat
-- that must be rejected answers null; either way nothing is stored and the caller asks
-- append_batch, which knows why.
create function append_chat(
  p_node uuid, p_room uuid, p_member uuid, p_message_id uuid, p_message text,
  out o_seq bigint, out o_sent bigint, out o_name text
) language plpgsql as $$
begin
  select r.last_seq + 1, greatest(r.last_sent, now_ms()) into o_seq, o_sent
  from rooms r where r.room_id = p_room and not r.gone
  for no key update;

  -- After the lock, on purpose. Whoever removes a node's members has committed its mark before, and
  -- needs this lock to write a `left`: either it waits for this append, or this append sees the mark.
  select m.name into o_name
  from members m join nodes n on n.node_id = m.node_id
  where m.member_id = p_member and m.room_id = p_room and m.node_id = p_node and not n.gone;

  if o_seq is null or o_name is null then
    o_seq := null;
    return;
  end if;

  insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
  values (p_room, o_seq, p_message_id, p_member, o_name, 'chat', p_message, o_sent);
  update rooms r set last_seq = o_seq, last_sent = o_sent where r.room_id = p_room;
end $$;

-- Any entries for any rooms. One row per entry, in their order: `rejected`, or what was stored.
-- type, room_id, member_id, message are null where they are as the caller gave them.
--   p_check      look message ids up first; without it a stored or repeated one may fail with 23505
--   p_room_ids   the rooms, each once, by id
--   p_rooms      per entry the index of its room in p_room_ids
--   p_names      three names per `joined`, in the order of the entries
--   p_max        the most members of the room, per `joined`
--   p_hashes     in hex, per `joined` of a member that can be resumed; else null
create function append_batch(
  p_node uuid, p_check boolean, p_room_ids uuid[],
  p_types text[], p_rooms int[], p_members uuid[], p_message_ids uuid[], p_messages text[],
  p_names text[], p_max int[], p_hashes text[]
) returns table (
  rejected text, seq bigint, sent bigint, member_name text,
  type text, room_id uuid, member_id uuid, message text
) language plpgsql as $$
#variable_conflict use_column
declare
  -- by index in p_room_ids; null: no such room
  v_last bigint[];
  v_sent bigint[];
  v_count int[];
  -- by entry; null: not to be stored
  v_names text[];
  v_seqs bigint[];
  v_repeats boolean[];
  v_now bigint;
  v_at int := 1;
  v_join int := 0;
  v_name text;
  v_try int;
  r record;
  e record;
begin
  for r in
    select room_id, last_seq, last_sent, member_count from rooms
    where room_id = any (p_room_ids) and not gone
    order by room_id
    for no key update
  loop
    v_at := array_position(p_room_ids, r.room_id, v_at);
    v_last[v_at] := r.last_seq;
    v_sent[v_at] := r.last_sent;
    v_count[v_at] := r.member_count;
  end loop;

  -- After the locks, on purpose: see append_chat.
  if not exists (select from nodes where node_id = p_node and not gone) then
    return query
      select 'member_gone', null::bigint, null::bigint, null, null, null::uuid, null::uuid, null
      from unnest(p_types);
    return;
  end if;
  v_now := now_ms();

  -- The members that write and are there, as of now.
  select array_agg(case when c.type = 'chat' then (
    select m.name from members m
    where m.member_id = c.member_id and m.room_id = p_room_ids[c.room] and m.node_id = p_node
  ) end order by c.ord) into v_names
  from unnest(p_types, p_rooms, p_members) with ordinality c (type, room, member_id, ord);

  if p_check then
    select array_agg(
      c.n > 1 or (select true from log l where l.message_id = c.message_id) is true order by c.ord
    ) into v_repeats
    from (
      select u.message_id, u.ord, row_number() over (partition by u.message_id order by u.ord) n
      from unnest(p_message_ids) with ordinality u (message_id, ord)
    ) c;
    select array_agg(case when not c.repeats then c.name end order by c.ord) into v_names
    from unnest(v_names, v_repeats) with ordinality c (name, repeats, ord);
  end if;

  -- Joins and leaves one by one, and with them the chats of members that come or go in this call.
  if 'joined' = any (p_types) or 'left' = any (p_types) then
    for e in
      select c.* from unnest(p_types, p_rooms, p_members) with ordinality c (type, room, member_id, ord)
      where c.type <> 'chat' or c.member_id in (
        select d.member_id from unnest(p_types, p_members) d (type, member_id) where d.type <> 'chat'
      )
      order by c.ord
    loop
      if e.type = 'joined' then
        v_join := v_join + 1;
      end if;
      continue when v_last[e.room] is null or v_repeats[e.ord];
      v_name := null;

      if e.type = 'chat' then
        select m.name into v_name from members m
        where m.member_id = e.member_id and m.room_id = p_room_ids[e.room] and m.node_id = p_node;

      elsif e.type = 'left' then
        -- Only the statement that removes the row appends `left`: so there is one, whoever calls. A
        -- connection that was replaced, on another node, does not end the one that replaced it.
        delete from members m
        where m.member_id = e.member_id and m.room_id = p_room_ids[e.room]
          and (m.resume_hash is null or m.node_id = p_node)
        returning m.name into v_name;
        if v_name is not null then
          v_count[e.room] := v_count[e.room] - 1;
        end if;

      elsif v_count[e.room] < p_max[v_join] then
        v_try := 0;
        loop
          v_try := v_try + 1;
          v_name := case
            when v_try <= 3 then p_names[v_join * 3 - 3 + v_try]
            else p_names[v_join * 3 - 2] || ' ' || (v_try - 2)
          end;
          exit when not exists (
            select from members m where m.room_id = p_room_ids[e.room] and lower(m.name) = lower(v_name)
          );
        end loop;
        insert into members (member_id, room_id, name, node_id, resume_hash)
        values (e.member_id, p_room_ids[e.room], v_name, p_node, decode(p_hashes[v_join], 'hex'));
        v_count[e.room] := v_count[e.room] + 1;
      end if;
      v_names[e.ord] := v_name;
    end loop;
  end if;

  -- A room that is not there has no last seq, so what was meant for it gets none here.
  select array_agg(case when c.name is not null then v_last[c.room] + c.n end order by c.ord) into v_seqs
  from (
    select u.*, count(u.name) over (partition by u.room order by u.ord) n
    from unnest(p_rooms, v_names) with ordinality u (room, name, ord)
  ) c;

  insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
  select p_room_ids[c.room], c.seq, c.message_id, c.member_id, c.name, c.type,
    log_text(c.type, c.name, c.message), greatest(v_sent[c.room], v_now)
  from unnest(p_types, p_rooms, p_members, p_message_ids, p_messages, v_names, v_seqs)
    c (type, room, member_id, message_id, message, name, seq)
  where c.seq is not null;

  for r in
    select u.room, max(u.seq) as seq from unnest(p_rooms, v_seqs) u (room, seq)
    where u.seq is not null group by u.room
  loop
    update rooms
    set last_seq = r.seq, last_sent = greatest(last_sent, v_now), member_count = v_count[r.room]
    where room_id = p_room_ids[r.room];
  end loop;

  if not p_check and array_position(v_seqs, null) is null then
    return query
      select null, c.seq, greatest(v_sent[c.room], v_now), c.name, null, null::uuid, null::uuid,
        case when c.type <> 'chat' then log_text(c.type, c.name, null) end
      from unnest(p_types, p_rooms, v_names, v_seqs) with ordinality c (type, room, name, seq, ord)
      order by c.ord;
    return;
  end if;

  -- An entry that was not stored now may have been stored by an earlier call, since when its
  -- member left or its room filled up: the log decides. A repeat of a rejected entry is rejected
  -- like the first.
  return query
    select
      case
        when l.seq is not null then null
        when v_last[p_rooms[c.first]] is null then 'room_gone'
        when p_types[c.first] = 'joined' then 'room_full'
        else 'member_gone'
      end,
      l.seq, l.sent, l.member_name, l.type, l.room_id, l.member_id, l.message
    from (
      select u.message_id, u.ord, min(u.ord) over (partition by u.message_id)::int as first
      from unnest(p_message_ids) with ordinality u (message_id, ord)
    ) c
    left join lateral (select * from log where message_id = c.message_id limit 1) l on true
    order by c.ord;
end $$;

-- Marks a node gone, or, with p_node null, all whose lease ran out; false within p_lease_ms of the
-- server's start, when no node has had a chance to renew. The caller lets this commit before
-- remove_members. A lapsed node that another caller is marking is left to it (skip locked); a named
-- one is waited for, because its caller goes on to remove its members.
create function mark_gone(p_node uuid, p_lease_ms float8) returns boolean language plpgsql as $$
begin
  if p_node is not null then
    update nodes set gone = true where node_id = p_node and not gone;
    return true;
  end if;
  if clock_timestamp() < pg_postmaster_start_time() + p_lease_ms * interval '1 ms' then
    return false;
  end if;
  update nodes set gone = true where node_id in (
    select node_id from nodes where not gone and lease_until < clock_timestamp()
    for update skip locked
  );
  return true;
end $$;

-- Removes at most p_limit members of nodes that are marked gone, or (a join that committed after
-- its node's row was deleted) have no row at all, and appends their `left`; those that can be resumed
-- are detached instead. p_node: of this node only; else also members that are detached for p_resume_ms
-- or longer. `looked` is how many were found, some of which another caller may have been faster with.
-- The marks must be committed before this is called.
create function remove_members(p_node uuid, p_resume_ms float8, p_limit int) returns table (
  looked int, room_id uuid, seq bigint, message_id uuid, member_id uuid, member_name text,
  type text, message text, sent bigint
) language plpgsql as $$
#variable_conflict use_column
declare
  v_nodes uuid[];
  v_members uuid[];
  v_rooms uuid[];
  v_detach uuid[];
  v_looked int;
  v_late timestamptz := case
    when p_node is null then clock_timestamp() - p_resume_ms * interval '1 ms' else '-infinity'
  end;
  v_now bigint;
begin
  -- The distinct node ids by hops along the index: as many steps as nodes, not as members.
  with recursive hops as (
    (select m.node_id from members m where m.detached_at is null order by m.node_id limit 1)
    union all
    select (
      select m.node_id from members m
      where m.node_id > hops.node_id and m.detached_at is null
      order by m.node_id limit 1
    ) from hops where hops.node_id is not null
  ), candidates as (
    select hops.node_id from hops where p_node is null and hops.node_id is not null
    union all
    select p_node where p_node is not null
  )
  select array_agg(c.node_id) into v_nodes from candidates c
  where not exists (select from nodes n where n.node_id = c.node_id and not n.gone);

  select
    array_agg(c.member_id) filter (where not c.stays),
    array_agg(distinct c.room_id) filter (where not c.stays),
    array_agg(c.member_id) filter (where c.stays),
    count(*)
  into v_members, v_rooms, v_detach, v_looked from (
    (
      select m.member_id, m.room_id, m.stays from unnest(v_nodes) d (node_id)
      cross join lateral (
        select member_id, room_id, resume_hash is not null as stays from members
        where node_id = d.node_id and detached_at is null
        order by member_id limit p_limit
      ) m
    )
    union all
    (
      select m.member_id, m.room_id, false from members m
      where m.detached_at <= v_late and m.detached_at is not null
      order by m.detached_at limit p_limit
    )
    limit p_limit
  ) c;

  perform from rooms
  where room_id = any (v_rooms)
  order by room_id
  for no key update;
  v_now := now_ms();

  return query
  with removed as (
    -- Again, after the locks: a member may have been resumed meanwhile.
    delete from members m
    where m.member_id = any (v_members)
      and (m.detached_at <= v_late or m.resume_hash is null and m.node_id = any (v_nodes))
    returning m.*
  ), lefts as (
    select d.*, r.last_seq + row_number() over (partition by d.room_id order by d.place) as seq,
      greatest(r.last_sent, v_now) as sent
    from removed d
    join rooms r on r.room_id = d.room_id and r.room_id = any (v_rooms) and not r.gone
  ), bumped as (
    update rooms r
    set last_seq = c.seq, last_sent = c.sent, member_count = r.member_count - c.n
    from (
      select l.room_id, max(l.seq) seq, max(l.sent) sent, count(*)::int n from lefts l group by l.room_id
    ) c
    where r.room_id = c.room_id and r.room_id = any (v_rooms)
  ), inserted as (
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
    select l.room_id, l.seq, gen_random_uuid(), l.member_id, l.name, 'left',
      log_text('left', l.name, null), l.sent
    from lefts l
    returning *
  )
  select v_looked, i.room_id, i.seq, i.message_id, i.member_id, i.member_name, i.type, i.message, i.sent
  from (values (0)) one (row) left join inserted i on true
  order by i.room_id, i.seq;

  -- After the rooms' locks, and in one order, so that two callers do not wait for each other.
  update members m set detached_at = clock_timestamp()
  where m.member_id = any (array(
    select d.member_id from members d
    where d.member_id = any (v_detach) and d.node_id = any (v_nodes) and d.detached_at is null
    order by d.member_id for update
  ));

  if v_looked < p_limit then
    delete from nodes where node_id in (
      select n.node_id from nodes n
      where n.gone and (p_node is null or n.node_id = p_node)
        and not exists (
          select from members m where m.node_id = n.node_id and m.detached_at is null
        )
      for update skip locked
    );
  end if;
end $$;

create function is_past(
  p_last_seq bigint, p_last_sent bigint, p_created timestamptz, p_ttl_ms float8, p_unused_ttl_ms float8
) returns boolean language sql volatile
return case
  when p_last_seq = 0 then clock_timestamp() >= p_created + p_unused_ttl_ms * interval '1 ms'
  else now_ms() - p_last_sent >= p_ttl_ms
end;

-- Looks at the next p_limit rooms behind p_after, by id, and marks those gone whose time is over.
-- o_last is where to go on; null: these were the last. A room that is locked is in use, or in the
-- hands of another caller.
create function expire_rooms(
  p_after uuid, p_limit int, p_ttl_ms float8, p_unused_ttl_ms float8, out o_rooms int, out o_last uuid
) language plpgsql as $$
declare
  v_rooms uuid[];
  v_room uuid;
begin
  select
    array_agg(c.room_id order by c.room_id) filter (where c.past),
    (array_agg(c.room_id order by c.room_id))[p_limit]
  into v_rooms, o_last
  from (
    select r.room_id, not r.gone and r.member_count = 0
      and is_past(r.last_seq, r.last_sent, r.created, p_ttl_ms, p_unused_ttl_ms) as past
    from rooms r where r.room_id > p_after
    order by r.room_id limit p_limit
  ) c;
  o_rooms := 0;
  foreach v_room in array coalesce(v_rooms, '{}') loop
    perform from rooms where room_id = v_room for no key update skip locked;
    continue when not found;

    -- Again, after the lock: a join may have been there first. One that waits finds the mark.
    update rooms r set gone = true
    where r.room_id = v_room and not r.gone
      and is_past(r.last_seq, r.last_sent, r.created, p_ttl_ms, p_unused_ttl_ms)
      and not exists (select from members m where m.room_id = v_room);
    if found then
      o_rooms := o_rooms + 1;
    end if;
  end loop;
end $$;

-- Removes at most p_limit messages of rooms that are marked gone and, once they have none, the rooms
-- themselves, at most p_limit. Answers how many rows it removed: fewer than p_limit when there is no
-- more to do, or it is in the hands of another caller.
create function remove_gone_rooms(p_limit int) returns int language plpgsql as $$
declare
  v_rooms uuid[];
  v_room uuid;
  v_messages int;
begin
  select array_agg(g.room_id) into v_rooms from (
    select room_id from rooms where gone order by room_id limit p_limit for update skip locked
  ) g;

  delete from log where ctid = any (array(
    select l.place from unnest(v_rooms) g (room_id)
    cross join lateral (
      select ctid as place from log where room_id = g.room_id order by seq limit p_limit
    ) l limit p_limit
  ));
  get diagnostics v_messages = row_count;
  if v_messages = p_limit then
    return v_messages;
  end if;

  foreach v_room in array coalesce(v_rooms, '{}') loop
    -- A room that was marked by someone else can have members.
    delete from members where room_id = v_room;
    delete from rooms where room_id = v_room;
  end loop;
  return v_messages + coalesce(cardinality(v_rooms), 0);
end $$;
