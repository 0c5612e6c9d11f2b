"""The smallest protocols that break one rule of the linter each.

A case begins with the rule's code and the step that is blamed, - for none. A line that ends with ``#! value`` is mended
by that value, one that ends with ``#!`` by leaving it out. It is the line that is blamed, unless another ends with
``#@``. What every step needs and no case is about (title, source, severity advisory) is filled in by the test, as are
the protocol's own name and title.
"""

DAYS = """
== floor-above-ask s
- id: s
  kind: avoid
  of: [sun]
  days_before: 14
  floor_days: 15 #! 14

== floor-above-ask s (a month has 28 days at least)
- id: s
  kind: avoid
  of: [sun]
  days_before: {months: 1}
  floor_days: 29 #! 28

== floor-above-ask s (and 31 at most)
- id: s
  kind: avoid
  of: [sun]
  days_before: 30
  floor_days: {months: 1} #! 0

== not-longer s
- id: s
  kind: avoid
  of: [sun]
  days_before: 28
  floor_days: 14
  longer:
    sunburn: 14 #! 15

== without-effect s
- id: s
  kind: avoid
  of: [sun]
  days_after: 7
  severity: blocking #! advisory

== without-effect s
- id: s
  kind: daily
  to: {days: 3}
  severity: clinician #! advisory

== after-procedure s
- id: s
  kind: avoid
  of: [sun]
  from: {days: 1} #! {days: 0}

== after-procedure s
- id: s
  kind: do
  severity: blocking
  due: {days: 1} #! {days: 0}

== after-procedure s (aftercare may be due later, unless it counts)
- id: s
  kind: do
  valid_days: 7
  due: {days: 1} #! {days: -1}

== after-procedure s
- id: s
  kind: do
  severity: clinician
  due: {hours: 1} #! {hours: -1}

== after-procedure s
- id: s
  kind: do
  severity: clinician
  due: {business_days: 1} #! {business_days: -1}

== after-procedure s (nothing has healed before it was treated)
- id: s
  kind: do
  severity: clinician
  due: {event: healed} #! {days: 0}

== after-procedure s
- id: s
  kind: do
  severity: clinician
  opens: {days: 2} #! {days: -2}

== after-procedure s
- id: s
  kind: gate
  ask: Fever?
  safe: false
  opens: {days: 1} #! {days: 0}

== after-procedure s
- id: s
  kind: review
  of: [medicine]
  severity: clinician
  due: {days: 3} #! {days: -3}

== after-procedure s
- id: s
  kind: note
  confirm: true
  at: {days: 1} #! {days: 0}

== after-procedure s
- id: s
  kind: daily
  to: {days: 5}
  severity: blocking
  start_by: {days: 1} #! {days: 0}

== after-procedure s
- id: s
  kind: daily
  until: told
  severity: blocking
  at_least: {of_last: 3, kept: 1}
  from: {days: 1} #! {days: -1}

== after-procedure -
clearance_due: {days: 1} #! {days: 0}
steps:
- id: s
  kind: note

== too-late s
- id: s
  kind: do
  lead_days: 3
  due: {days: -2} #! {days: -3}

== too-late s
- id: s
  kind: do
  lead_days: 3
  opens: {days: -2} #! {days: -3}

== too-late s (24 hours are a day whatever the hour, 23 hours may be none)
- id: s
  kind: do
  lead_days: 1
  due: {hours: -23} #! {hours: -24}

== too-late s (two business days before a Wednesday are two days, before a Tuesday four)
- id: s
  kind: do
  lead_days: 3
  due: {business_days: -2} #! {business_days: -3}

== too-late s (one month before 1 March is 28 days)
- id: s
  kind: do
  lead_days: 29
  due: {months: -1} #! {months: -2}

== opens-after-due s
- id: s
  kind: do
  due: {days: -7}
  opens: {days: -6} #! {days: -7}

== opens-after-due s (due is left out: the day before)
- id: s
  kind: do
  opens: {days: 0} #! {days: -1}

== opens-after-due s (a business day before a Tuesday is one day)
- id: s
  kind: do
  due: {days: -2}
  opens: {business_days: -1} #! {business_days: -2}

== due-before-valid s
- id: s
  kind: do
  valid_days: 14
  due: {days: -15} #! {days: -14}

== due-before-valid s (one month may be 31 days)
- id: s
  kind: do
  valid_days: 30
  due: {months: -1} #! {days: -30}

== due-before-valid s
- id: s
  kind: review
  of: [medicine]
  valid_days: 14
  due: {days: -15} #! {days: -14}

== impossible s
- id: s
  kind: do
  lead_days: 3
  valid_days: 2 #! 3

== impossible s (from the seventh to the last day before it are seven days)
- id: s
  kind: daily
  from: {days: -7}
  until: told
  at_least: {of_last: 9, kept: 8} #! {of_last: 9, kept: 7}

== impossible s (with an end after it, the day itself counts too)
- id: s
  kind: daily
  from: {days: -7}
  to: {days: 9}
  at_least: {of_last: 9, kept: 9} #! {of_last: 9, kept: 8}

== impossible s (begun five days before, five days are left)
- id: s
  kind: daily
  to: {days: -1}
  at_least: {of_last: 9, kept: 5}
  start_by: {days: -4} #! {days: -5}

== wrong-order s
- id: s
  kind: daily
  from: {days: -2}
  to: {days: -3} #! {days: -2}

== wrong-order s (28 February is one month before 28 to 31 March)
- id: s
  kind: daily
  from: {days: -30}
  to: {months: -1} #! {days: -30}

== wrong-order s
- id: s
  kind: daily
  from: {days: -7}
  to: {days: -1}
  start_by: {days: -8} #! {days: -7}

== wrong-order s
- id: s
  kind: daily
  to: {days: -3}
  start_by: {days: -2} #! {days: -3}

== wrong-order s
- id: s
  kind: note
  at: {days: 1}
  to: {days: 0} #! {days: 2}
"""

CLASSES = """
== unknown-class s
- id: s
  kind: avoid
  days_before: 1
  of:
    - sun
    - sum #! retinoid

== unknown-class s
- id: s
  kind: avoid
  days_before: 1
  of: [sun]
  except: [sumburn] #! [sunburn]

== unknown-class s
- id: s
  kind: review
  of: [pian] #! [pain]

== unknown-class s
- id: s
  kind: daily
  to: {days: 0}
  of: [retinal] #! [retinoid]

== unknown-class s
- id: s
  kind: note
  when:
    not:
      uses: retinal #! retinoid

== unknown-class s
- id: s
  kind: avoid
  of: [sun]
  days_before: 1
  longer: {sumburn: 3} #! {sunburn: 3}

== no-kind s
- id: s
  kind: avoid
  of: [sun]
  days_before: 1
  longer: {tretinoin: 3} #! {sunburn: 3}

== no-kind s
- id: s
  kind: avoid
  of: [sun]
  days_before: 1
  except: [tretinoin] #! [sunburn]

== nothing-left s
- id: s
  kind: avoid
  of: [tretinoin]
  days_before: 1
  except: [tretinoin] #! []

== stops-a-medicine s
- id: s
  kind: avoid
  of: [isotretinoin-oral]
  days_before: 1
  prescribed: stop #! wait

== stops-a-medicine s (a single entry, by its class)
- id: s
  kind: avoid
  of: [ibuprofen]
  days_before: 1
  prescribed: stop #! review

== stops-a-medicine s (a wide class, by one of its kinds)
- id: s
  kind: avoid
  of: [vitamin-a]
  days_before: 1
  prescribed: stop #! review

== no-medicine s
- id: s
  kind: avoid
  of: [retinoid]
  days_before: 1
  prescribed: review #! stop

== no-medicine s
- id: s
  kind: avoid
  of: [retinoid]
  days_before: 1
  prescribed: wait #!
"""

NAMES = """
== unknown-fact s
facts:
  - {id: area, type: one-of, options: [face, neck], ask: Where?}
steps:
- id: other
  kind: note
  when: {fact: area, in: [face]}
- id: s
  kind: note
  when: {fact: aera, is: neck} #! {fact: area, is: neck}

== wrong-answer s
facts:
  - {id: area, type: one-of, options: [face, neck], ask: Where?}
steps:
- id: s
  kind: note
  when:
    all:
      - fact: area
        in:
          - face
          - feet #! neck

== wrong-answer s
facts:
  - {id: area, type: many-of, options: [face, neck], ask: Where?}
steps:
- id: s
  kind: note
  when: {fact: area, is: true} #! {fact: area, is: neck}

== wrong-answer s
facts:
  - {id: sores, type: yes-no, ask: Sores?}
steps:
- id: s
  kind: note
  when: {fact: sores, is: yes} #! {fact: sores, is: true}

== wrong-answer s (1 is not true)
facts:
  - {id: sores, type: yes-no, ask: Sores?}
steps:
- id: s
  kind: note
  when: {fact: sores, is: 1} #! {fact: sores, is: false}

== wrong-answer s (true is not 1)
facts:
  - {id: age, type: number, ask: Age?}
steps:
- id: s
  kind: note
  when: {fact: age, is: true} #! {fact: age, is: 1}

== wrong-answer s
facts:
  - {id: last, type: date, ask: When?}
steps:
- id: s
  kind: note
  when: {fact: last, is: 2026-02-30} #! {fact: last, is: 2026-02-28}

== wrong-answer s
facts:
  - {id: name, type: text, ask: Name?}
steps:
- id: s
  kind: note
  when: {fact: name, is: 2} #! {fact: name, is: "2"}

== option-twice -
facts:
  - id: area
    type: one-of
    ask: Where?
    options: [face, neck, face] #! [face, neck]
steps:
- id: s
  kind: note
  when: {fact: area, is: face}

== reserved-event -
events:
  - {id: tablets, ask: When?}
  - {ask: When?, id: healed} #!
steps:
- id: s
  kind: daily
  until: healed
- id: other
  kind: daily
  until: tablets

== unknown-event s
events:
  - {id: tablets, ask: When?}
steps:
- id: other
  kind: daily
  until: tablets
- id: s
  kind: note
  at: {event: tablet, days: 1} #! {event: tablets, days: 1}

== unknown-event s
- id: s
  kind: daily
  until: heald #! healed

== unknown-event s (nothing ends when it begins)
- id: s
  kind: daily
  until: booked #! told

== unknown-event -
clearance_due: {event: book} #! {event: booked}
steps:
- id: s
  kind: note

== unknown-task s
- id: task
  kind: do
- id: s
  kind: note
  at: {done: tsk, days: 1} #! {done: task, days: 1}

== unknown-task s (a step, but nothing that is done once)
- id: task
  kind: do
- id: read
  kind: note
- id: s
  kind: note
  at: {done: read} #! {done: task}

== circle s
- id: s #@
  kind: do
  due: {done: s, days: 1} #! {days: -1}

== unused -
facts:
  - {id: sores, type: yes-no, ask: Sores?} #!
  - {id: area, type: one-of, options: [face, neck], ask: Where?}
steps:
- id: s
  kind: note
  when: {fact: area, is: face}

== unused -
events:
  - {id: tablets, ask: When?}
  - {id: pills, ask: When?} #!
steps:
- id: s
  kind: daily
  until: tablets
"""

TEXTS = """
== no-english s
- id: s
  kind: note
  title: {} #! {en: Hello}

== no-english -
facts:
  - id: sores
    type: yes-no
    ask: {} #! Hello?
steps:
- id: s
  kind: note
  when: {fact: sores, is: true}

== no-english -
events:
  - id: tablets
    ask: {} #! Hello?
steps:
- id: s
  kind: daily
  until: tablets

== no-english -
summary: {} #! Hello
steps:
- id: s
  kind: note

== empty-text s
- id: s
  kind: daily
  to: {days: 0}
  again:
    en: " " #! often

== empty-text s
- id: s
  kind: gate
  safe: true
  ask:
    en: "" #! Well?

== empty-text s
- id: s
  kind: note
  detail: "" #! D

== empty-text s
- id: s
  kind: note
  detail: "\\u200b" #! D

== empty-text s
- id: s
  kind: note
  assumed: "" #!

== no-source s
- id: s
  kind: note
  source: " " #! A sheet

== assumed s
- id: s
  kind: note
  assumed: We guessed. #!

== missing-language s
title: {en: P, es: P}
steps:
- id: s
  kind: avoid
  of: [sun]
  days_before: 1
  title: {en: T, es: T}
  ask: Since when? #! {en: Since when?, es: ¿Desde cuándo?}
"""

CLASHES = """
== contradiction s (stopped in time is as it should be)
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 7
- id: s #@
  kind: daily
  of: [tretinoin]
  to: {days: -7} #! {days: -8}

== contradiction s (the lexicon goes down both ways)
- id: off
  kind: avoid
  of: [tretinoin]
  days_before: 7
- id: s #@
  kind: daily
  of: [retinoid] #! [sun]
  from: {days: -30}
  to: {days: -7}

== contradiction s (what may be used may be used)
- id: s2
  kind: daily
  of: [tretinoin]
  to: {days: 0}
- id: s #@
  kind: avoid
  of: [retinoid]
  days_before: 7
  except: [] #! [tretinoin]

== contradiction s (after some kinds of contact, more days are kept)
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 7
  longer: {tretinoin: 28}
- id: s #@
  kind: daily
  of: [tretinoin]
  to: {days: -28} #! {days: -29}

== contradiction s (31 days before may still lie in the month)
- id: off
  kind: avoid
  of: [retinoid]
  days_before: {months: 1}
- id: s #@
  kind: daily
  of: [retinoid]
  to: {days: -31} #! {days: -32}

== contradiction s (three business days may be five)
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 5
- id: s #@
  kind: daily
  of: [retinoid]
  to: {business_days: -4} #! {business_days: -6}

== contradiction s (aftercare)
- id: off
  kind: avoid
  of: [retinoid]
  days_after: 14
- id: s #@
  kind: daily
  of: [retinoid]
  from: {days: 14} #! {days: 15}
  until: told

== contradiction s (one says not, the other says that it is allowed)
- id: off
  kind: avoid
  of: [ibuprofen]
  days_before: 3
- id: s #@
  kind: avoid
  of: [pain]
  days_before: 7
  except: [ibuprofen] #! []
  prescribed: review

== contradiction s (a day on which it begins at some hour is not wholly forbidden)
- id: off
  kind: avoid
  of: [retinoid]
  from: {days: -1}
- id: s #@
  kind: daily
  of: [retinoid]
  to: {days: -1} #! {days: -2}

== contradiction s
facts:
  - {id: area, type: one-of, options: [face, neck, hand], ask: Where?}
steps:
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 7
  when: {fact: area, in: [face, neck]}
- id: s #@
  kind: daily
  of: [retinoid]
  to: {days: -1}
  when: {fact: area, in: [neck, hand]} #! {not: {fact: area, in: [neck, face]}}

== contradiction s (many options may be chosen at once)
facts:
  - {id: area, type: many-of, options: [face, neck], ask: Where?}
steps:
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 7
  when: {fact: area, is: face}
- id: s #@
  kind: daily
  of: [retinoid]
  to: {days: -1}
  when: {fact: area, is: neck} #! {not: {fact: area, is: face}}

== contradiction s
facts:
  - {id: age, type: number, ask: Age?}
steps:
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 7
  when: {not: {fact: age, is: 18}}
- id: s #@
  kind: daily
  of: [retinoid]
  to: {days: -1}
  when: {fact: age, in: [17, 18]} #! {fact: age, is: 18}

== contradiction s (the procedure has one time)
- id: off
  kind: avoid
  of: [retinoid]
  days_before: 7
  when: {starts: {before: "10:00"}}
- id: s #@
  kind: daily
  of: [retinoid]
  to: {days: -1}
  when: {starts: {from: "09:59"}} #! {starts: {from: "10:00"}}

== contradiction s (who uses a narrow class uses the wide one)
- id: off
  kind: avoid
  of: [sun]
  days_before: 7
  when: {not: {uses: retinoid}}
- id: s #@
  kind: daily
  of: [sun]
  to: {days: -1}
  when: {uses: pain} #! {uses: tretinoin}

== never-holds s
facts:
  - {id: area, type: one-of, options: [face, neck], ask: Where?}
steps:
- id: s
  kind: note
  when: {all: [{fact: area, is: face}, {not: {fact: area, is: face}}]} #! {fact: area, is: face}

== never-holds s
facts:
  - {id: area, type: one-of, options: [face, neck], ask: Where?}
steps:
- id: s
  kind: note
  when: {not: {fact: area, in: [face, neck]}} #! {not: {fact: area, in: [face]}}

== never-dated s
facts:
  - {id: sores, type: yes-no, ask: Sores?}
steps:
- id: task
  kind: do
  when: {fact: sores, is: true}
- id: s
  kind: note
  when: {fact: sores, is: false}
  at: {done: task, days: 1} #! {days: -1}
"""

EXAMPLES = """
== unknown-in-example -
examples:
  - title: One
    on: 2026-12-18
    as_of: 2026-12-10
    expect:
      states:
        t: done #!
        s: unknown
steps:
- id: s
  kind: gate
  ask: Well?
  safe: true

== unknown-in-example -
examples:
  - title: One
    on: 2026-12-18
    as_of: 2026-12-10
    said:
      - safe: [s]
      - safe:
          - s
          - t #!
    expect: {states: {s: done}}
steps:
- id: s
  kind: gate
  once: true
  ask: Well?
  safe: true

== unknown-in-example -
examples:
  - title: One
    on: 2026-12-18
    as_of: 2026-12-10
    said:
      - day: 2026-12-10
        answers: {sore: true} #! {sores: true}
    expect: {states: {s: unknown}}
facts:
  - {id: sores, type: yes-no, ask: Sores?}
steps:
- id: s
  kind: gate
  ask: Well?
  safe: true
  when: {fact: sores, is: true}

== unknown-in-example -
examples:
  - title: One
    on: 2026-12-18
    as_of: 2026-12-10
    said:
      - day: 2026-12-10
        events: {healde: 2026-12-09} #! {healed: 2026-12-09}
    expect: {standing: waiting}
steps:
- id: s
  kind: gate
  severity: blocking
  ask: Well?
  safe: true

== unknown-in-example -
examples:
  - title: One
    on: 2026-12-18
    as_of: 2026-12-10
    said:
      - product: [retinoid]
        exposed: sum #! sun
    expect: {states: {s: short}}
steps:
- id: s
  kind: avoid
  of: [sun]
  days_before: 14

== unknown-in-example -
examples:
  - title: One
    on: 2026-12-18
    as_of: 2026-12-10
    said:
      - last_used: 2026-12-10
        product: [retinol] #! [retinoid]
    expect: {states: {s: short}}
steps:
- id: s
  kind: avoid
  of: [retinoid]
  days_before: 14
"""

REMINDERS = """
== no-reminder s
- id: s
  kind: avoid
  of: [sun]
  days_before: 14
  remind: [answer, late] #! [answer]

== no-reminder s (what staff do comes to no patient)
- id: s
  kind: do
  by: staff
  remind: [today] #! []

== no-reminder s (what is due on the last day that helps is never late)
- id: s
  kind: do
  due: {days: -3}
  lead_days: 3
  remind: [late] #! [last-day]

== no-reminder s (a note that is not confirmed waits for nothing)
- id: s
  kind: note
  remind: [answer] #! [day-before]

== no-reminder s (what is open from the booking on does not open)
- id: s
  kind: daily
  to: {days: -1}
  remind: [tomorrow] #! [day-before]

== twice s
- id: s
  kind: gate
  ask: Well?
  safe: true
  remind: [answer, answer] #! [answer]
"""
