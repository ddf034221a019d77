"""The camera at a protected person's door (VP-06, VP-07, VA-04): set-up, enrolment, alerts, clips, a live look."""
