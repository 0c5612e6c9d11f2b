"""Have at hand what every service needs: who works, the case of one procedure, and checks of what is said."""
