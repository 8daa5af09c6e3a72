import { describe, expect, it } from '@jest/globals'
import { csvColumns } from '../../src/formats/index.js'

describe('csvColumns', () => {
  // The order that files rely on: a file is appended to only while its first line stays the same.
  it('are these, in this order', () => {
    const file =
      'permissions permissions_octal owner_uid owner_gid owner_name group_name size modified accessed changed ' +
      'created inode hard_links file_type link_target'
    const process =
      'pid ppid name exe_path cmdline cwd uid gid username state start_time cpu_usage memory_rss memory_vms ' +
      'num_threads open_files environment limits io_stats.read_bytes io_stats.write_bytes ' +
      'io_stats.read_syscalls io_stats.write_syscalls ancestors container_id inferred resolution'
    const below = (prefix: string, names: string): string[] =>
      names.split(' ').map((name) => `${prefix}.${name}`)
    expect(csvColumns).toEqual([
      ...'timestamp timestamp_unix seq event_type file_path file_path_bytes is_directory old_path'.split(' '),
      ...'old_path_bytes cookie source synthetic merged batch_id batch_size'.split(' '),
      ...below('file_metadata', file),
      ...below('process_details', process),
      'process_unknown',
      ...below('operation_details', 'description size_change'),
      ...below(
        'content_preview',
        'before after diff_summary truncated binary diff before_missing after_missing not_stored',
      ),
      ...below('control_details', 'code message hint counts'),
    ])
  })
})
