// Orleans brings a Request of its own into every file.
global using Request = Grains.StateMachines.Batches.Request;
