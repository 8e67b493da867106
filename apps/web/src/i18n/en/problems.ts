import type { ProblemCode } from '@tamga/model'

/** One sentence for each refusal: what did not happen, where, and what to do. A part in ‹› needs the details it names. */
export const problems = {
  malformed: 'The server does not know this request, so nothing was changed. Reload the page and try again.',
  too_large: 'Not sent: it is larger than the server takes at once‹ ({most} bytes)›. Send it in smaller parts.',
  over_limit:
    'Nothing was changed: “{field}” is more than the server takes, which is {most} at most. Shorten it, or send it in parts.',
  too_deep: 'Nothing was changed: the request is nested more than {most} levels deep. Send it less nested.',
  not_json: 'The server could not read this request, so nothing was changed. Reload the page and try again.',
  rate_limited: 'Too many attempts. Wait‹ {seconds} seconds›, then try again.',
  timed_out: 'The request did not arrive in time. Check your connection, then send it again.',
  headers_too_large: 'The request has too many headers. Delete the cookies of this site, then try again.',
  foreign_origin:
    'This page was opened at another address than the server’s. Open Tamga at the address it printed at start.',
  not_found: 'This is not here, or you are not a member of the project. An owner of the project can invite you.',
  busy: 'The server is busy and changed nothing. Try again in a moment.',
  internal: 'The server failed and changed nothing. Try again; if it repeats, tell whoever runs the server.',
  disk_full:
    'Not saved: the disk of the server is full or takes no writes. Nothing is lost; tell whoever runs the server, and try again later.',
  unreachable: 'The server cannot be reached. Check the connection; what is on the screen stays.',

  sign_in: 'Your sign-in has ended. Sign in to go on; nothing on the screen is lost.',
  wrong_password:
    'The e-mail or sign-in name and the password do not match. A project owner can give you a one-time link.',
  link_used: 'This link has been used or withdrawn, or its time is over. Ask whoever gave it to you for a new one.',
  demo_only_here: 'The demo team can be entered only on the computer that runs Tamga. Sign in with your own account.',
  email_taken: 'There is an account with this e‑mail already. Sign in with it, then open the link once more.',
  weak_password: 'The password is too short: at least 10 characters.',
  forbidden: 'Your role‹, {role},› does not allow this‹: it takes the role “{need}”›.‹ {owner} can change that.›',
  last_owner: 'A project keeps at least one owner. Make somebody else an owner first.',
  role_above_yours: 'You cannot give a role above your own. Ask an owner of the project.',
  name_differs: 'Nothing was deleted: the name you typed is not the project’s. Type “{name}” as it stands.',
  project_removed: 'The project was removed for good, so it cannot be brought back.',
  member_gone: 'This person is no longer a member. Invite them anew.',
  session_limited:
    'Nothing was changed: you came in by a one-time link‹ of {name}›, and this takes a sign-in with your password.',
  password_kept:
    'The password was not changed: this account has an e-mail or projects of other owners, and a link of one owner does not change it. Whoever runs the server can make a link that does.',
  name_empty: 'The name is empty. Write at least one letter.',
  name_long: 'The name is longer than {most} characters. Shorten it.',
  name_character:
    'The name has an invisible, control or direction character ({character}) at place {at}. Remove it and try again.',
  name_marks: 'The name has too many marks on one letter, or a mark without a letter, at place {at}. Remove them.',
  name_twice: 'The name stands twice in the list‹, first in line {first}›. Add something that tells the two apart.',
  name_member:
    'Somebody of this name is a member already. Add something that tells the two apart, or leave the line out.',
  names_refused:
    'No account was made: {n} lines are refused‹, the first is line {line}›. Correct the lines listed, then try again.',
  names_many: 'No account was made: at most {most} names are taken at once. Make the rest in a second step.',

  label_set_moved:
    'Not saved: somebody saved the labels meanwhile‹ (revision {no})›. Load theirs, then make your changes again.',
  label_code_taken: 'The code {code} is taken‹ by {other}›. Choose another.',
  label_code_form: 'A code begins with a Latin letter and goes on with letters, digits, “_”, “.” or “-”, at most 32.',
  label_key_taken: 'The key {key} is taken by {other}. Free it there or choose another.',
  label_in_use: '{code} is in use, so it cannot be deleted. Retire it: what carries it keeps it.',
  label_group_chosen: '{code} is a group and cannot be chosen. Take its key away or make it a label.',
  label_unknown: 'There is no label ‹{code} ›in this project’s set. Choose one that is.',
  label_depth: '‹{code}: ›at most {most} groups may stand over a label. Move it, or one of its groups, further up.',
  label_parent: '‹{code}: ›the parent must be a group, and no group may stand inside itself.',
  attribute_unknown: 'There is no attribute ‹{code} ›in this project’s set. Choose one that is.',
  attribute_type_fixed:
    'The type of {code} cannot change: values of the old type stand in the articles. Retire it and add another.',
  attribute_choices: '{code} needs at least one choice, and no choice twice.',
  attribute_value: 'This value does not fit the attribute‹ {code}›.',
  label_set_form: 'This file is not a label set‹: {at}›. Take a file that was saved here as an example.',

  text_empty: 'There is no text in it. Add text and choose the file again.',
  text_nul: 'The text holds a NUL character‹ at offset {offset}›. Save the file as plain UTF‑8 text.',
  text_surrogate:
    'The text holds half a character (a lone surrogate)‹ at offset {offset}›. Export it anew from its source.',
  text_utf8: 'The file is not UTF‑8‹ (byte {byte})›. Save it as UTF‑8.',
  text_too_long: 'The article is longer than 1,000,000 characters. Split it into parts.',
  text_too_slow:
    'Cutting this text into words and sentences takes longer than the limit‹ of {seconds} seconds›. Split it into parts.',
  file_too_large: 'The file is too large‹ (limit {limit})›. Plain text may have 8 MB, JSON Lines 2 GB.',
  file_kind: 'This kind of file cannot be read. Take .txt or .jsonl.',
  line_not_json: 'The line is not JSON. Each line must hold one whole object.',
  line_no_text: 'The line has no "text". Add the field.',
  line_field: 'The field ‹“{field}” ›has a form that is not allowed. Correct it or leave it out.',
  line_meta_too_large:
    'The fields beside the text take more room than the limit‹ of {limit}›. Shorten them or leave some out.',
  line_too_long: 'The line is longer than 16 MB. Split the article.',
  id_twice: 'The id ‹“{id}” ›stands twice in this import. Give each article its own.',
  article_exists: 'An article with the id ‹“{id}” ›is in the project already. Leave it out or change the id.',
  import_refused: 'Nothing was added: some lines were refused. Correct or remove those files, then publish.',
  import_gone: 'This import is over or was discarded. Choose the files again.',
  article_withdrawn: 'The article is withdrawn, so nothing in it changes. An owner can restore it.',
  article_erased: 'The text of this article was erased, so there is nothing to read or to mark any more.',
  reason_needed: 'Say why in a few words; the reason is kept with the article.',

  span_empty: 'Nothing was marked: the selection holds no letter.',
  span_outside: 'Nothing was marked: the selection leaves the text.',
  span_overlap: 'Nothing was marked: parts of one span may not overlap.',
  span_inside_character: 'Nothing was marked: the edge would cut a character in two.',
  annotation_malformed: 'This change has a form the server does not know, so it was not saved. Reload the page.',
  annotation_exists: 'A span with this id is there already. Mark it once more.',
  annotation_gone: 'The span has been removed meanwhile. Nothing was changed.',
  own_only: 'An annotator removes only their own spans. A reviewer can remove this one.',
  frozen: 'The article is frozen, so spans stay as they are. An owner can open it.',
  locked: 'This span is approved, and in this project only a reviewer changes what is approved.',
  edit_overtaken: 'Somebody changed the same thing meanwhile, so your edit was not written over it.',
  text_corrected: 'The text of this article has been corrected since, so this edit has no place in it any more.',
  asides_full: 'Too many edits are set aside here. Drop some before you hand over more.',

  changed_meanwhile: 'Not recorded: the span changed while you looked‹ ({name})›. See the difference and decide anew.',
  undecided_left: 'Not signed off: {n} spans still wait for a decision. Decide them first.',

  nothing_to_export: 'There is nothing to download yet: no article here has approved spans and a sign-off.',
  spans_would_be_lost: 'Not downloaded: the format would lose {n} spans. Choose what to do with them.',
  names_for_owner: 'Only an owner may put real names into an export. Take pseudonyms.',
} as const satisfies Record<ProblemCode, string>
