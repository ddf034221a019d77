"""Roles, grounds and permits: nobody sees a person without one."""
