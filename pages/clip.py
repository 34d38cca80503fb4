from pages.parts import link, shell

link.begin("clip")
shell.head("clip", "soon")
link.finish()
