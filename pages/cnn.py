from pages.parts import link, shell

link.begin("cnn")
shell.head("cnn", "soon")
link.finish()
