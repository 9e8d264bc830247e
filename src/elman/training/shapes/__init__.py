"""What is particular to each shape of model, one package a shape; `registry` lists them all."""
