"""One room a lesson: its tasks, questions, cards, explorer and trace. A room's door names what its notebook imports."""
