"""The experiments of the lectures: each asks one question and answers it in numbers."""
