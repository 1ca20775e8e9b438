-- What a room's owner may do, and changes of messages.

-- A row of the log is a message or a change. `target`: of a change the seq of the message that it changes;
-- 0: of the room. A change holds no text: that of an edit is its message's. Of a message that was changed:
-- `changed` the seq of its last change, `edited` and `deleted` when that was; the text of a deleted one is
-- empty. `removed`: this `left` is the owner's doing.
alter table log
  add column target bigint,
  add column changed bigint,
  add column edited bigint,
  add column deleted bigint,
  add column removed boolean;

-- `address` marks the member's network address, see keep_out. `spoke` is when it last said something in a
-- room with slow mode.
alter table members
  add column address integer,
  add column spoke bigint;

-- Who may not come in again for a while. A mark is 20 bits of a keyed hash of room and address: too few to
-- say whose it is, also for one who has the key.
create table keep_out (
  room_id uuid not null references rooms on delete cascade,
  address integer not null,
  until timestamptz not null,
  primary key (room_id, address)
);

-- What all nodes share and nobody else knows.
create table secrets (
  name text primary key,
  secret text not null
);
insert into secrets values ('addresses', gen_random_uuid()::text || gen_random_uuid()::text);

-- As in 0001; in a room with slow mode append_rows decides.
create or replace function append_chat(
  p_node uuid, p_room uuid, p_member uuid, p_message_id uuid, p_message text,
  out o_seq bigint, out o_sent bigint, out o_name text
) language plpgsql as $$
declare
  v_slow_ms int;
begin
  select r.last_seq + 1, greatest(r.last_sent, now_ms()), r.slow_ms into o_seq, o_sent, v_slow_ms
  from rooms r where r.room_id = p_room and not r.gone
  for no key update;

  -- After the lock, on purpose. Whoever removes a node's members has committed its mark before, and
  -- needs this lock to write a `left`: either it waits for this append, or this append sees the mark.
  select m.name into o_name
  from members m join nodes n on n.node_id = m.node_id
  where m.member_id = p_member and m.room_id = p_room and m.node_id = p_node and not n.gone;

  if o_seq is null or o_name is null or v_slow_ms > 0 then
    o_seq := null;
    return;
  end if;

  insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
  values (p_room, o_seq, p_message_id, p_member, o_name, 'chat', p_message, o_sent);
  update rooms r set last_seq = o_seq, last_sent = o_sent where r.room_id = p_room;
end $$;

-- Any entries for any rooms. One row per entry, in their order: `rejected`, or what was stored.
-- type, room_id, member_id, message are null where they are as the caller gave them; message is that of a
-- change's target. `more` has what is there seldom: `waitMs` beside `too_soon`; of a change `target` and
-- `targetId`; of a message `edited` and `deleted`.
--   p_check      look message ids up first; without it a stored or repeated one may fail with 23505
--   p_room_ids   the rooms, each once, by id
--   p_rooms      per entry the index of its room in p_room_ids
--   p_names      three names per `joined`, in the order of the entries
--   p_max        the most members of the room, per `joined`
--   p_hashes     in hex, per `joined` of a member that can be resumed; else null
--   p_addresses  the mark of its address, per `joined`, or null
--   p_targets    the id of the message to be changed, per `edited` and `deleted`; their p_members is null
--                if the owner does it
create function append_rows(
  p_node uuid, p_check boolean, p_room_ids uuid[],
  p_types text[], p_rooms int[], p_members uuid[], p_message_ids uuid[], p_messages text[],
  p_names text[], p_max int[], p_hashes text[], p_addresses int[], p_targets uuid[]
) returns table (
  rejected text, seq bigint, sent bigint, member_name text,
  type text, room_id uuid, member_id uuid, message text, more jsonb
) language plpgsql as $$
#variable_conflict use_column
declare
  -- by index in p_room_ids; null: no such room
  v_last bigint[];
  v_sent bigint[];
  v_count int[];
  v_capacity int[];
  v_locked boolean[];
  v_slow_ms int[];
  v_hidden int[];
  -- by entry; null: not to be stored
  v_names text[];
  v_seqs bigint[];
  v_repeats boolean[];
  v_reasons text[];
  v_waits bigint[];
  v_targets bigint[];
  v_by_one boolean := p_types && '{joined,left,edited,deleted}';
  v_now bigint;
  v_at int := 1;
  v_join int := 0;
  v_name text;
  v_try int;
  v_spoke bigint;
  t record;
  r record;
  e record;
begin
  for r in
    select room_id, last_seq, last_sent, member_count, capacity, locked, slow_ms from rooms
    where room_id = any (p_room_ids) and not gone
    order by room_id
    for no key update
  loop
    v_at := array_position(p_room_ids, r.room_id, v_at);
    v_last[v_at] := r.last_seq;
    v_sent[v_at] := r.last_sent;
    v_count[v_at] := r.member_count;
    v_capacity[v_at] := r.capacity;
    v_locked[v_at] := r.locked;
    v_slow_ms[v_at] := r.slow_ms;
    v_by_one := v_by_one or r.slow_ms > 0;
  end loop;

  -- After the locks, on purpose: see append_chat.
  if not exists (select from nodes where node_id = p_node and not gone) then
    return query
      select 'member_gone', null::bigint, null::bigint, null, null, null::uuid, null::uuid, null, null::jsonb
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

  -- All but chats one by one, and with them the chats of members that come or go in this call, and those
  -- in rooms with slow mode.
  if v_by_one then
    for e in
      select c.*
      from unnest(p_types, p_rooms, p_members, p_messages, p_targets)
        with ordinality c (type, room, member_id, message, target, ord)
      where c.type <> 'chat' or v_slow_ms[c.room] > 0 or c.member_id in (
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
        select m.name, m.spoke into v_name, v_spoke from members m
        where m.member_id = e.member_id and m.room_id = p_room_ids[e.room] and m.node_id = p_node;
        if found and v_slow_ms[e.room] > 0 then
          if v_spoke + v_slow_ms[e.room] > v_now then
            v_reasons[e.ord] := 'too_soon';
            v_waits[e.ord] := v_spoke + v_slow_ms[e.room] - v_now;
            v_name := null;
          else
            update members m set spoke = v_now where m.member_id = e.member_id;
          end if;
        end if;

      elsif e.type in ('edited', 'deleted') then
        select l.seq, l.member_id, l.changed, l.deleted into t from log l
        where l.message_id = e.target and l.room_id = p_room_ids[e.room] and l.type = 'chat';
        if not found then
          v_reasons[e.ord] := 'message_gone';
        elsif e.member_id is not null and not exists (
          select from members m where m.member_id = e.member_id and m.room_id = p_room_ids[e.room]
        ) then
          v_reasons[e.ord] := 'member_gone';
        elsif e.member_id <> t.member_id then
          v_reasons[e.ord] := 'not_yours';
        elsif t.deleted is null then
          v_name := coalesce((select m.name from members m where m.member_id = e.member_id), '');
          -- As long as the entries: an array that begins behind 1 would be unnested as if it began there.
          v_targets := coalesce(v_targets, array_fill(null::bigint, array[cardinality(p_types)]));
          v_targets[e.ord] := t.seq;
          v_hidden[e.room] := coalesce(v_hidden[e.room], 0)
            + case e.type when 'deleted' then 2 else 1 end;
          update log l set
            message = case e.type when 'edited' then e.message else '' end,
            edited = case e.type when 'edited' then greatest(v_sent[e.room], v_now) else l.edited end,
            deleted = case e.type when 'deleted' then greatest(v_sent[e.room], v_now) end
          where l.room_id = p_room_ids[e.room] and l.seq = t.seq;
        elsif e.type = 'edited' then
          v_reasons[e.ord] := 'message_gone';
        else
          -- It is that of the first to delete it, in this call or before.
          p_message_ids[e.ord] := coalesce(
            (
              select p_message_ids[u.ord]
              from unnest(v_targets, p_types, p_rooms) with ordinality u (seq, type, room, ord)
              where u.seq = t.seq and u.type = 'deleted' and u.room = e.room limit 1
            ),
            (select l.message_id from log l where l.room_id = p_room_ids[e.room] and l.seq = t.changed)
          );
        end if;

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

      elsif p_addresses[v_join] is not null and exists (
        select from keep_out k
        where k.room_id = p_room_ids[e.room] and k.address = p_addresses[v_join]
          and k.until > clock_timestamp()
      ) then
        v_reasons[e.ord] := 'kept_out';
      elsif v_locked[e.room] then
        v_reasons[e.ord] := 'room_locked';
      elsif v_count[e.room] < least(p_max[v_join], v_capacity[e.room]) then
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
        insert into members (member_id, room_id, name, node_id, resume_hash, address)
        values (
          e.member_id, p_room_ids[e.room], v_name, p_node, decode(p_hashes[v_join], 'hex'),
          p_addresses[v_join]
        );
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

  if v_targets is null then
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent)
    select p_room_ids[c.room], c.seq, c.message_id, c.member_id, c.name, c.type,
      log_text(c.type, c.name, c.message), greatest(v_sent[c.room], v_now)
    from unnest(p_types, p_rooms, p_members, p_message_ids, p_messages, v_names, v_seqs)
      c (type, room, member_id, message_id, message, name, seq)
    where c.seq is not null;
  else
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent, target)
    select p_room_ids[c.room], c.seq, c.message_id,
      coalesce(c.member_id, '00000000-0000-0000-0000-000000000000'), c.name, c.type,
      case when c.target is null then log_text(c.type, c.name, c.message) else '' end,
      greatest(v_sent[c.room], v_now), c.target
    from unnest(p_types, p_rooms, p_members, p_message_ids, p_messages, v_names, v_seqs, v_targets)
      c (type, room, member_id, message_id, message, name, seq, target)
    where c.seq is not null;

    for r in
      select u.room, u.target, max(u.seq) as seq
      from unnest(p_rooms, v_targets, v_seqs) u (room, target, seq)
      where u.target is not null group by u.room, u.target
    loop
      update log l set changed = r.seq where l.room_id = p_room_ids[r.room] and l.seq = r.target;
    end loop;
  end if;

  for r in
    select u.room, max(u.seq) as seq from unnest(p_rooms, v_seqs) u (room, seq)
    where u.seq is not null group by u.room
  loop
    update rooms
    set last_seq = r.seq, last_sent = greatest(last_sent, v_now), member_count = v_count[r.room],
      hidden = hidden + coalesce(v_hidden[r.room], 0)
    where room_id = p_room_ids[r.room];
  end loop;

  if not p_check and v_targets is null and array_position(v_seqs, null) is null then
    return query
      select null, c.seq, greatest(v_sent[c.room], v_now), c.name, null, null::uuid, null::uuid,
        case when c.type <> 'chat' then log_text(c.type, c.name, null) end, null::jsonb
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
        when v_reasons[c.first] is not null then v_reasons[c.first]
        when p_types[c.first] = 'joined' then 'room_full'
        else 'member_gone'
      end,
      l.seq, l.sent, l.member_name, l.type, l.room_id, l.member_id, coalesce(g.message, l.message),
      case
        when l.seq is null then jsonb_build_object('waitMs', v_waits[c.first])
        when l.target is not null
          then jsonb_build_object('target', l.target, 'targetId', g.message_id)
        when l.changed is not null
          then jsonb_build_object('edited', l.edited, 'deleted', l.deleted)
      end
    from (
      select u.message_id, u.ord, min(u.ord) over (partition by u.message_id)::int as first
      from unnest(p_message_ids) with ordinality u (message_id, ord)
    ) c
    left join lateral (select * from log where message_id = c.message_id limit 1) l on true
    left join lateral (
      select * from log where room_id = l.room_id and log.seq = l.target and l.target > 0 limit 1
    ) g on true
    order by c.ord;
end $$;

-- For nodes of older versions.
create or replace function append_batch(
  p_node uuid, p_check boolean, p_room_ids uuid[],
  p_types text[], p_rooms int[], p_members uuid[], p_message_ids uuid[], p_messages text[],
  p_names text[], p_max int[], p_hashes text[]
) returns table (
  rejected text, seq bigint, sent bigint, member_name text,
  type text, room_id uuid, member_id uuid, message text
) language sql as $$
  select
    case
      when a.rejected in ('room_locked', 'kept_out') then 'room_full'
      when a.rejected = 'too_soon' then 'storage_full'
      else a.rejected
    end,
    a.seq, a.sent, a.member_name, a.type, a.room_id, a.member_id, a.message
  from append_rows(
    p_node, p_check, p_room_ids, p_types, p_rooms, p_members, p_message_ids, p_messages,
    p_names, p_max, p_hashes, null, null
  ) a
$$;

-- Removes a member, at its room's owner's word, appends its `left`, and keeps its address out for p_ms.
-- No row: it is not there.
create function remove_member(
  p_room uuid, p_member uuid, p_message_id uuid, p_ms float8
) returns setof log language plpgsql as $$
declare
  v_seq bigint;
  v_sent bigint;
  m members;
begin
  select last_seq + 1, greatest(last_sent, now_ms()) into v_seq, v_sent
  from rooms where room_id = p_room and not gone for no key update;
  if not found then
    return;
  end if;
  delete from members where member_id = p_member and room_id = p_room returning * into m;
  if not found then
    return;
  end if;
  update rooms set last_seq = v_seq, last_sent = v_sent, member_count = member_count - 1
  where room_id = p_room;
  delete from keep_out where room_id = p_room and until < clock_timestamp();
  if m.address is not null then
    insert into keep_out values (p_room, m.address, clock_timestamp() + p_ms * interval '1 ms')
    on conflict (room_id, address) do update set until = excluded.until;
  end if;
  return query
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent, removed)
    values (
      p_room, v_seq, p_message_id, p_member, m.name, 'left', log_text('left', m.name, null), v_sent, true
    )
    returning *;
end $$;

-- Changes what is not null (p_capacity 0: none), and says so in the log of a room that was ever joined; but
-- nothing, if that is how it is already. Answers how it is then, and the seq of the row, if there is one;
-- no row: no room.
create function change_room(
  p_room uuid, p_message_id uuid, p_name text, p_topic text, p_capacity int, p_public boolean,
  p_locked boolean, p_slow_ms int
) returns table (
  name text, topic text, capacity int, public boolean, locked boolean, slow_ms int, seq bigint, sent bigint
) language plpgsql as $$
#variable_conflict use_column
declare
  r rooms;
  c rooms;
  v_logged boolean;
begin
  select * into r from rooms where room_id = p_room and not gone for no key update;
  if not found then
    return;
  end if;
  c := r;
  c.name := coalesce(p_name, r.name);
  c.topic := coalesce(p_topic, r.topic);
  c.capacity := nullif(coalesce(p_capacity, r.capacity), 0);
  c.public := coalesce(p_public, r.public);
  c.locked := coalesce(p_locked, r.locked);
  c.slow_ms := coalesce(p_slow_ms, r.slow_ms);
  v_logged := c is distinct from r and r.last_seq > 0;
  if v_logged then
    c.last_seq := r.last_seq + 1;
    c.last_sent := greatest(r.last_sent, now_ms());
    c.hidden := r.hidden + 1;
    insert into log (room_id, seq, message_id, member_id, member_name, type, message, sent, target)
    values (
      p_room, c.last_seq, p_message_id, '00000000-0000-0000-0000-000000000000', '', 'settings', '',
      c.last_sent, 0
    );
  end if;
  if c is distinct from r then
    update rooms set name = c.name, topic = c.topic, capacity = c.capacity, public = c.public,
      locked = c.locked, slow_ms = c.slow_ms, last_seq = c.last_seq, last_sent = c.last_sent,
      hidden = c.hidden
    where room_id = p_room;
  end if;
  return query select c.name, c.topic, c.capacity, c.public, c.locked, c.slow_ms,
    case when v_logged then c.last_seq end, case when v_logged then c.last_sent end;
end $$;
