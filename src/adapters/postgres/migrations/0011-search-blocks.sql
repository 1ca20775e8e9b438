-- Contracts: the tables and functions of 0003 go; no release had them.
--
-- The index of search once more, in blocks of words: one row for some seventy words instead of one for
-- each. What 0003 made for the same is removed; no release had it. As before, words are taken from the
-- texts behind an append, in whole segments (rows with seqs segment * 2048 + 1 to segment * 2048 + 2048),
-- and what is not indexed is looked through.

drop function search_seqs(uuid, text[], text[], text[], bigint, bigint, boolean, int);
drop function index_segment(uuid, int, text[], text[], bigint[]);
drop table search_words, search_apart, searched;

-- A row is the lock of its segment. `changes` counts the texts that were changed in it. `apart` are the
-- places of messages that have too many words: they are looked at themselves. A place is
-- seq - segment * 2048 - 1; places are stored as distances from -1 or the place before, each as the
-- character with this code + 2.
create table search_segments (
  room_id uuid not null,
  segment integer not null,
  changes integer not null default 0,
  indexed boolean not null default false,
  apart text not null default '',
  primary key (room_id, segment)
);

-- The words of an indexed segment, in order: U&'\0001' || word || U&'\0002' || places of each. Long words
-- are cut. `first` is the first word of the block.
create table search_blocks (
  room_id uuid not null,
  segment integer not null,
  first text collate "C" not null,
  words text not null,
  primary key (room_id, segment, first)
);
alter table search_blocks alter column words set storage main;

-- Indexes a segment of a room, unless someone else was faster, a text of it was changed since the caller
-- asked for `changes`, or the room is gone.
--   p_words    as in search_blocks, each once, in any order
--   p_apart    as in search_segments
create function index_segment(
  p_room uuid, p_segment int, p_changes int, p_words text, p_apart text
) returns void language plpgsql as $$
begin
  -- Whoever removes the room waits for this, or this finds no room. An append does not wait for it.
  perform from rooms where room_id = p_room and not gone for key share;
  if not found then
    return;
  end if;
  insert into search_segments (room_id, segment) values (p_room, p_segment) on conflict do nothing;
  perform from search_segments
  where room_id = p_room and segment = p_segment and changes = p_changes and not indexed
  for update;
  if not found then
    return;
  end if;
  -- What a crash takes of an index is made again: the commit need not wait for the disk.
  perform set_config('synchronous_commit', 'off', true);
  -- What follows a word comes before any letter, so that the order is that of the words.
  insert into search_blocks (room_id, segment, first, words)
  select p_room, p_segment, split_part(min(e.entry), U&'\0002', 1), string_agg(U&'\0001' || e.entry, '' order by e.entry)
  from (
    select u.entry, sum(octet_length(u.entry)) over (order by u.entry rows unbounded preceding) / 400 as block
    from (
      select n collate "C" as entry from unnest(string_to_array(ltrim(p_words, U&'\0001'), U&'\0001')) n
    ) u
  ) e
  group by e.block;
  update search_segments set indexed = true, apart = p_apart
  where room_id = p_room and segment = p_segment;
end $$;

-- No word of a text is kept that is not there any more: its segment is not indexed from now on.
create or replace function forget_words() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  v_segment int := (new.seq - 1) / 2048;
begin
  -- Waits for an index_segment that has read the old text. A later one finds another `changes`.
  insert into search_segments as s (room_id, segment, changes) values (new.room_id, v_segment, 1)
  on conflict (room_id, segment) do update set changes = s.changes + 1, indexed = false, apart = '';
  delete from search_blocks where room_id = new.room_id and segment = v_segment;
  return null;
end $$;

-- The planner knows nothing of these tables at first: it is told to go along the indexes.
--
-- Of those of these segments that are indexed: the blocks that have words that begin with p_word; one row
-- with `words` null if there is none.
create function search_blocks_of(p_room uuid, p_segments int[], p_word text)
returns table (segment int, apart text, words text) language plpgsql
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
  -- What cannot do without one of these looks expensive then.
  set jit = off
as $$
begin
  return query
    select g.segment, s.apart, b.words
    from unnest(p_segments) g (segment)
    cross join lateral (
      select i.apart from search_segments i
      where i.room_id = p_room and i.segment = g.segment and i.indexed limit 1
    ) s
    left join lateral (
      (
        select c.words from search_blocks c
        where c.room_id = p_room and c.segment = g.segment and c.first <= p_word
        order by c.first desc limit 1
      )
      union all
      select c.words from search_blocks c
      where c.room_id = p_room and c.segment = g.segment
        and c.first > p_word and c.first < p_word || U&'\+10FFFF'
    ) b on strpos(b.words, U&'\0001' || p_word) > 0;
end $$;

-- The chats with seqs from p_low to p_high that may have certain words, the highest (p_backwards) or lowest
-- first, at most p_limit. A text that is not ASCII may have any.
--   p_likes      patterns for `like` that a lower-case ASCII text with these words fits,
--   p_regexes    and regular expressions; slower, and true only for such a text
create function look_through(
  p_room uuid, p_likes text[], p_regexes text[],
  p_low bigint, p_high bigint, p_backwards boolean, p_limit int
) returns setof log language plpgsql
  set enable_seqscan = off
  set enable_bitmapscan = off
  set enable_sort = off
  set jit = off
as $$
begin
  if p_backwards then
    return query
      select l.* from log l
      where l.room_id = p_room and l.seq between p_low and p_high and l.type = 'chat' and (
        octet_length(l.message) <> char_length(l.message)
        or lower(l.message collate "C") like all (p_likes)
        and lower(l.message collate "C") ~ all (p_regexes)
      )
      order by l.seq desc limit p_limit;
  else
    return query
      select l.* from log l
      where l.room_id = p_room and l.seq between p_low and p_high and l.type = 'chat' and (
        octet_length(l.message) <> char_length(l.message)
        or lower(l.message collate "C") like all (p_likes)
        and lower(l.message collate "C") ~ all (p_regexes)
      )
      order by l.seq limit p_limit;
  end if;
end $$;

-- As before, with what is indexed now.
create or replace function remove_gone_rooms(p_limit int) returns int language plpgsql as $$
declare
  v_rooms uuid[];
  v_room uuid;
  v_removed int;
  v_blocks int;
begin
  delete from codes where code in (
    select code from codes where expires <= clock_timestamp() for update skip locked
  );
  select array_agg(g.room_id) into v_rooms from (
    select room_id from rooms where gone order by room_id limit p_limit for update skip locked
  ) g;

  delete from log where ctid = any (array(
    select l.place from unnest(v_rooms) g (room_id)
    cross join lateral (
      select ctid as place from log where room_id = g.room_id order by seq limit p_limit
    ) l limit p_limit
  ));
  get diagnostics v_removed = row_count;
  if v_removed = p_limit then
    return v_removed;
  end if;

  delete from search_blocks where ctid = any (array(
    select b.place from unnest(v_rooms) g (room_id)
    cross join lateral (
      select ctid as place from search_blocks where room_id = g.room_id
      order by segment, first limit p_limit
    ) b limit p_limit
  ));
  get diagnostics v_blocks = row_count;
  if v_blocks = p_limit then
    return v_blocks;
  end if;

  foreach v_room in array coalesce(v_rooms, '{}') loop
    -- A room that was marked by someone else can have members.
    delete from members where room_id = v_room;
    delete from search_segments where room_id = v_room;
    delete from codes where room_id = v_room;
    delete from rooms where room_id = v_room;
  end loop;
  return v_removed + v_blocks + coalesce(cardinality(v_rooms), 0);
end $$;
